package io.gllm.kernels.rocm.gcn;

/** A launch of a kernel: the groups one after the other, each wave by wave up to the next barrier. */
public final class GcnLaunch {
  private final DeviceMemoryMap memory;
  private long limit = 1L << 28;

  public GcnLaunch(DeviceMemoryMap memory) {
    this.memory = memory;
  }

  /** The most instructions that the waves of a group may execute together, 2^28 unless said. */
  public GcnLaunch limit(long instructions) {
    limit = instructions;
    return this;
  }

  /**
   * Runs a kernel to its end.
   *
   * @param arguments where its arguments lie in the memory of the device
   * @param threads of a group
   * @return how many instructions the waves have executed
   * @throws GcnFault naming instruction, group, thread and cause, where a thread does what no thread may do
   */
  public long run(GcnKernel kernel, long arguments, int x, int y, int z, int threads) {
    if (x < 1 || y < 1 || z < 1 || threads < 1 || threads > 1024) {
      throw new GcnFault(kernel.name + ": " + x + "*" + y + "*" + z + " groups of " + threads + " threads");
    }
    Group group = new Group(kernel, threads, arguments, memory, limit);
    for (int k = 0; k < z; k++) {
      for (int j = 0; j < y; j++) {
        for (int i = 0; i < x; i++) {
          group.run(i, j, k);
        }
      }
    }
    return group.executed;
  }
}

package io.gllm.kernels.rocm.gcn;

/** A group of threads: its shared memory, its waves, and the barriers that they meet at. One serves for all groups of a launch. */
final class Group {
  final GcnKernel kernel;
  final DeviceMemoryMap memory;
  final Shared shared;
  /** Instructions of waves so far. */
  long executed;

  private final long arguments;
  private final DeviceMemoryMap.Allocation argumentMemory;
  private final int threads;
  private final Wave[] waves;
  private final long limit;
  private int[] at;
  private long budget;

  Group(GcnKernel kernel, int threads, long arguments, DeviceMemoryMap memory, long limit) {
    this.kernel = kernel;
    this.memory = memory;
    this.threads = threads;
    this.arguments = arguments;
    this.limit = limit;
    argumentMemory = memory.find(arguments, Math.max(1, kernel.descriptor.argumentBytes()));
    if (argumentMemory == null) {
      throw new GcnFault(kernel.name + ": its arguments lie nowhere");
    }
    shared = new Shared(kernel.descriptor.sharedBytes());
    waves = new Wave[(threads + kernel.chip.lanes() - 1) / kernel.chip.lanes()];
    for (int i = 0; i < waves.length; i++) {
      waves[i] = new Wave(this, i);
    }
  }

  // ---- memory

  /** The memory that holds an access of a lane. */
  DeviceMemoryMap.Allocation find(long address, int bytes, int lane, boolean stores) {
    DeviceMemoryMap.Allocation found = memory.find(address, bytes);
    if (found == null) {
      throw new LaneFault(lane,
          "out of bounds: " + bytes + " bytes at 0x" + Long.toHexString(address) + ": " + memory.whereabouts(address));
    }
    if (found == argumentMemory) {
      throw new LaneFault(lane, (stores ? "writes" : "reads") + " where the arguments of launches lie");
    }
    return found;
  }

  DeviceMemoryMap.Allocation findScalar(long address, int bytes) {
    DeviceMemoryMap.Allocation found = memory.find(address, bytes);
    if (found == null) {
      throw new GcnFault("out of bounds: " + bytes + " bytes at 0x" + Long.toHexString(address) + ": " + memory.whereabouts(address));
    }
    long reach = kernel.descriptor.argumentBytes() + 63 & -64L;
    if (found == argumentMemory && (address < arguments || address + bytes > arguments + reach)) {
      throw new GcnFault("reads the arguments of another launch");
    }
    return found;
  }

  /** Whether an address is not behind the arguments of the launch. */
  boolean isArgument(long address) {
    return address < arguments || address + 4 <= arguments + kernel.descriptor.argumentBytes()
        || address >= arguments + (kernel.descriptor.argumentBytes() + 63 & -64L);
  }

  // ---- execution

  /** Executes the group at {@code (x, y, z)}. */
  void run(int... place) {
    at = place;
    budget = limit;
    shared.reset();
    for (Wave w : waves) {
      w.reset(threads - w.index * w.lanes);
      start(w);
    }
    do {
      for (Wave w : waves) {
        run(w);
      }
    } while (meet());
  }

  /** What the device puts into registers: where the arguments are, which group it is, and the number of each thread. */
  private void start(Wave w) {
    Descriptor d = kernel.descriptor;
    if (d.arguments() >= 0) {
      w.write64(d.arguments(), arguments, -1);
    }
    int next = d.scalars();
    for (int i = 0; i < 3; i++) {
      if (!kernel.chip.groupsInTraps() && (d.groups() >> i & 1) != 0) {
        w.write32(next++, at[i], -1);
      }
    }
    if (kernel.chip.groupsInTraps()) {
      w.write32(Wave.TRAPS + 9, at[0], -1);
      w.write32(Wave.TRAPS + 7, at[1] | at[2] << 16, -1);
    }
    for (int l = 0; l < w.lanes; l++) {
      w.v[0][l] = w.index * w.lanes + l;
    }
    w.wrote(0, -1);
  }

  /** All waves are at a barrier or at the end; returns whether there is more to run. */
  private boolean meet() {
    Wave there = null;
    Wave ended = null;
    for (Wave w : waves) {
      if (w.state == Wave.State.ENDED) {
        ended = w;
      } else if (there != null && there.pc != w.pc) {
        throw fault(w, "barrier divergence: wave " + there.index + " is at another barrier", w.index * w.lanes);
      } else {
        there = w;
      }
    }
    if (there == null) {
      return false;
    }
    if (ended != null) {
      throw fault(there, "barrier divergence: wave " + ended.index + " has ended", there.index * there.lanes);
    }
    for (Wave w : waves) {
      w.state = Wave.State.RUNNING;
    }
    shared.barrier();
    return true;
  }

  /** Runs a wave up to its next barrier, or to its end. */
  private void run(Wave w) {
    Op[] code = kernel.code;
    int before = w.step;
    try {
      while (w.state == Wave.State.RUNNING) {
        if (w.pc >= code.length) {
          w.pc = code.length;
          throw new GcnFault("the code ends without s_endpgm");
        }
        Op op = code[w.pc++];
        w.step++;
        if (!w.outstanding.isEmpty()) {
          w.outstanding.check(op);
        }
        op.run(w);
        if (--budget < 0) {
          throw new GcnFault("the group does not end within " + limit + " instructions");
        }
      }
    } catch (LaneFault f) {
      throw fault(w, f.getMessage(), w.index * w.lanes + f.lane);
    } catch (GcnFault f) {
      throw fault(w, f.getMessage(), w.index * w.lanes);
    }
    executed += w.step - before;
  }

  private GcnFault fault(Wave w, String cause, int thread) {
    return new GcnFault(kernel.name + ": `" + kernel.code[w.pc - 1].text + "` in group (" + at[0] + "," + at[1] + "," + at[2] + "), wave "
        + w.index + ", thread " + thread + ": " + cause);
  }
}

package io.gllm.kernels.cuda.ptx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.RecursiveAction;

/** A launch of an entry: the groups one after the other or {@link #together}, each warp by warp up to the next barrier. */
public final class PtxLaunch {
  private static final int SHARED_LIMIT = 227 * 1024;
  private static final int THREADS = Math.min(4, Runtime.getRuntime().availableProcessors());
  /** So few groups are not worth another thread. */
  private static final int LEAST_TOGETHER = 4;

  private final DeviceMemoryMap memory;
  private boolean reproducible;
  private boolean watched;
  private boolean together;
  private int dynamicShared;
  private long limit = 1L << 32;

  public PtxLaunch(DeviceMemoryMap memory) {
    this.memory = memory;
  }

  /** Refuses an entry with an instruction whose result is not the same on every device. */
  public PtxLaunch reproducible() {
    reproducible = true;
    return this;
  }

  /** Finds races on global memory too: between groups, and between the threads of one. Costs two longs for each word. */
  public PtxLaunch watchGlobal() {
    watched = true;
    return this;
  }

  /**
   * Runs groups on several threads: they do not depend on each other, unless there are atomic operations. Of several faults that of
   * the first group is thrown, as without. Not while global memory is watched.
   */
  public PtxLaunch together() {
    together = true;
    return this;
  }

  /** Shared memory beyond what the entry declares, bytes. */
  public PtxLaunch dynamicShared(int bytes) {
    dynamicShared = bytes;
    return this;
  }

  /** The most instructions that the threads of a group may execute together, 2^32 unless said. */
  public PtxLaunch limit(long instructions) {
    limit = instructions;
    return this;
  }

  /** Runs an entry with no more than its static shared memory, groups together. */
  public static PtxStatistics run(PtxEntry entry, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ,
      MemorySegment parameters, DeviceMemoryMap memory) {
    return new PtxLaunch(memory).together().run(entry, new int[]{gridX, gridY, gridZ}, new int[]{blockX, blockY, blockZ}, parameters);
  }

  /**
   * Runs an entry to its end.
   *
   * @param parameters
   *            the block of parameters as {@link PtxEntry#parameters} lays it out
   * @throws PtxFault
   *             naming line, group, thread and cause, where a thread does what no thread may do
   */
  public PtxStatistics run(PtxEntry entry, int[] grid, int[] block, MemorySegment parameters) {
    check(entry, grid, block, parameters);
    if (watched) {
      memory.watch(entry.globalGranule);
    }
    try {
      return statistics(entry, execute(entry, grid, block, parameters));
    } finally {
      memory.watch(0);
      entry.statics.watch(0);
    }
  }

  /** Runs all groups, on as many threads as there may be; returns what ran them. */
  private List<Part> execute(PtxEntry entry, int[] grid, int[] block, MemorySegment parameters) {
    int count = together && !watched && !entry.isAtomic() && grid[0] * grid[1] * grid[2] >= LEAST_TOGETHER ? THREADS : 1;
    MemorySegment values = MemorySegment.ofArray(parameters.toArray(ValueLayout.JAVA_BYTE)); // any thread may read them
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Group group = new Group(entry, grid, block, values, entry.sharedBytes() + dynamicShared, memory, limit);
      parts.add(new Part(group, grid, i, count));
    }
    parts.stream().skip(1).forEach(ForkJoinTask::fork);
    parts.getFirst().compute();
    parts.stream().skip(1).forEach(ForkJoinTask::join);
    parts.stream().filter(part -> part.fault != null).min(Comparator.comparingInt(part -> part.number)).ifPresent(part -> {
      throw part.fault;
    });
    return parts;
  }

  /** Every {@code step}th group of a launch from the {@code number}th on, up to the end or a fault. */
  private static final class Part extends RecursiveAction {
    private static final long serialVersionUID = 1;

    final transient Group group;
    private final transient int[] grid;
    private final int step;
    int number;
    transient PtxFault fault;

    Part(Group group, int[] grid, int first, int step) {
      this.group = group;
      this.grid = grid;
      this.number = first;
      this.step = step;
    }

    @Override
    protected void compute() {
      try {
        for (; number < grid[0] * grid[1] * grid[2]; number += step) {
          group.run(number, number % grid[0], number / grid[0] % grid[1], number / grid[0] / grid[1]);
        }
      } catch (PtxFault f) {
        fault = f;
      }
    }
  }

  private void check(PtxEntry entry, int[] grid, int[] block, MemorySegment parameters) {
    long threads = (long) block[0] * block[1] * block[2];
    for (int i = 0; i < 3; i++) {
      require(grid[i] >= 1 && block[i] >= 1 && grid[i] <= (i == 0 ? Integer.MAX_VALUE : 65535), entry, "grid or block out of range");
    }
    require((long) grid[0] * grid[1] * grid[2] < 1 << 29, entry, "more groups than can be watched");
    require(threads <= entry.maxThreads() && threads <= 1024, entry,
        threads + " threads in a group, at most " + entry.maxThreads() + " by .maxntid");
    require(!entry.exactThreads || threads == entry.maxThreads(), entry,
        threads + " threads in a group, not " + entry.maxThreads() + " as .reqntid asks");
    require(parameters.byteSize() == entry.parameterBytes(), entry,
        parameters.byteSize() + " bytes of parameters, not " + entry.parameterBytes());
    require(dynamicShared == 0 || entry.dynamicShared, entry, "has no dynamic shared memory");
    require(entry.sharedBytes() + (long) dynamicShared <= SHARED_LIMIT, entry, "too much shared memory");
    require(!reproducible || entry.irreproducible().isEmpty(), entry, "not reproducible: " + String.join("; ", entry.irreproducible()));
  }

  private static void require(boolean condition, PtxEntry entry, String cause) {
    if (!condition) {
      throw new PtxFault(entry.name() + ": " + cause);
    }
  }

  private static PtxStatistics statistics(PtxEntry entry, List<Part> parts) {
    Map<String, Long> count = new TreeMap<>();
    for (Part part : parts) {
      for (int i = 0; i < entry.code.length; i++) {
        if (part.group.executed[i] != 0) {
          count.merge(entry.code[i].opcode, part.group.executed[i], Long::sum);
        }
      }
    }
    return new PtxStatistics(count);
  }
}

package io.gllm.kernels.cuda.ptx;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;

/** A launch of an entry: the groups one after the other, each warp by warp up to the next barrier. */
public final class PtxLaunch {
  private static final int SHARED_LIMIT = 227 * 1024;

  private final DeviceMemoryMap memory;
  private boolean reproducible;
  private boolean watched;
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

  /** Runs an entry with no more than its static shared memory. */
  public static PtxStatistics run(PtxEntry entry, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ,
      MemorySegment parameters, DeviceMemoryMap memory) {
    return new PtxLaunch(memory).run(entry, new int[]{gridX, gridY, gridZ}, new int[]{blockX, blockY, blockZ}, parameters);
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
    try (Arena arena = Arena.ofShared()) {
      int sharedBytes = entry.sharedBytes() + dynamicShared;
      MemorySegment shared = arena.allocate(Math.max(1, sharedBytes), 256).asSlice(0, sharedBytes);
      Group group = new Group(entry, grid, block, parameters, shared, memory, limit);
      int number = 0;
      for (int z = 0; z < grid[2]; z++) {
        for (int y = 0; y < grid[1]; y++) {
          for (int x = 0; x < grid[0]; x++) {
            group.run(number++, x, y, z);
          }
        }
      }
      return statistics(entry, group);
    } finally {
      memory.watch(0);
      entry.statics.watch(0);
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

  private static PtxStatistics statistics(PtxEntry entry, Group group) {
    Map<String, Long> count = new TreeMap<>();
    for (int i = 0; i < entry.code.length; i++) {
      if (group.executed[i] != 0) {
        count.merge(entry.code[i].opcode, group.executed[i], Long::sum);
      }
    }
    return new PtxStatistics(count);
  }
}

package io.gllm.kernels.cuda.ptx;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;

/** A group of threads: its shared memory, its warps, and the barriers that they meet at. One serves for many groups of a launch. */
final class Group {
  final PtxEntry entry;
  final MemorySegment parameters;
  final byte[] sharedMemory;
  /** The same memory. */
  final MemorySegment shared;
  final long sharedBytes;
  final Shadow sharedShadow;
  final DeviceMemoryMap memory;
  /** For each instruction the allocation that it met last. */
  final DeviceMemoryMap.Allocation[] recent;
  /** How often each instruction was executed, by threads. */
  final long[] executed;
  /** The group and the time; see {@link Shadow}. */
  long stamp;
  /** The stamp of the last barrier: what was done in this group before it has a smaller one. */
  long ordered;
  /** Where the access that was checked last lies in its memory. */
  long offset;
  int barrierTime;

  private final int[] size;
  private final int threads;
  private final Warp[] warps;
  private final long limit;
  private int time;
  private int[] at;
  private long budget;

  Group(PtxEntry entry, int[] grid, int[] block, MemorySegment parameters, int sharedBytes, DeviceMemoryMap memory, long limit) {
    this.entry = entry;
    this.parameters = parameters;
    sharedMemory = new byte[sharedBytes];
    shared = MemorySegment.ofArray(sharedMemory);
    this.sharedBytes = sharedBytes;
    this.memory = memory;
    this.size = block;
    this.limit = limit;
    sharedShadow = new Shadow(sharedBytes, entry.sharedGranule, false);
    recent = new DeviceMemoryMap.Allocation[entry.code.length];
    Arrays.fill(recent, DeviceMemoryMap.Allocation.NONE);
    executed = new long[entry.code.length];
    threads = block[0] * block[1] * block[2];
    warps = new Warp[(threads + Warp.LANES - 1) / Warp.LANES];
    for (int i = 0; i < warps.length; i++) {
      warps[i] = new Warp(this, i, entry);
      specials(warps[i], grid);
    }
  }

  private void specials(Warp w, int[] grid) {
    for (Map.Entry<String, Integer> special : entry.registers.specials().entrySet()) {
      String name = special.getKey();
      int dot = name.indexOf('.');
      int axis = dot < 0 ? 0 : name.charAt(dot + 1) - 'x';
      String vector = dot < 0 ? name : name.substring(0, dot);
      int[] values = w.words[special.getValue()];
      for (int l = 0; l < Warp.LANES; l++) {
        values[l] = special(vector, axis, w.thread(l), grid);
      }
    }
  }

  private int special(String name, int axis, int thread, int[] grid) {
    int lane = thread % Warp.LANES;
    return switch (name) {
      case "%tid" -> axis == 0 ? thread % size[0] : axis == 1 ? thread / size[0] % size[1] : thread / (size[0] * size[1]);
      case "%ntid" -> size[axis];
      case "%nctaid" -> grid[axis];
      case "%ctaid" -> 0;
      case "%laneid" -> lane;
      case "%warpid" -> thread / Warp.LANES;
      case "%lanemask_eq" -> 1 << lane;
      case "%lanemask_lt" -> (1 << lane) - 1;
      case "%lanemask_le" -> (2 << lane) - 1;
      case "%lanemask_gt" -> -(2 << lane);
      case "%lanemask_ge" -> -(1 << lane);
      default -> throw new AssertionError(name);
    };
  }

  /** Executes the group at {@code (x, y, z)}, the {@code number}th of the launch. */
  void run(int number, int... place) {
    at = place;
    budget = limit;
    time = 0;
    tick((long) number + 1);
    barrier();
    for (int i = 0; i < warps.length; i++) {
      Warp w = warps[i];
      w.reset(threads - i * Warp.LANES);
      for (Map.Entry<String, Integer> special : entry.registers.specials().entrySet()) {
        if (special.getKey().startsWith("%ctaid")) {
          Arrays.fill(w.words[special.getValue()], place[special.getKey().charAt(7) - 'x']);
        }
        w.defined[special.getValue()] = Warp.ALL;
      }
    }
    do {
      for (Warp w : warps) {
        run(w);
      }
    } while (meet());
  }

  private void tick(long group) {
    time++;
    if (time >= 1 << Shadow.GROUP_SHIFT - Shadow.TIME_SHIFT) {
      throw new PtxFault(entry.name() + ": more barriers than can be counted");
    }
    stamp = group << Shadow.GROUP_SHIFT | (long) time << Shadow.TIME_SHIFT;
  }

  /** All warps are at a barrier or at the end; returns whether there is more to run. */
  private boolean meet() {
    Warp there = null;
    Warp ended = null;
    for (Warp w : warps) {
      if (w.live == 0) {
        ended = w;
      } else if (there != null && there.pc != w.pc) {
        throw fault(w, entry.code[w.pc - 1], 0, "barrier divergence: warp " + there.index + " is at the barrier of line "
            + entry.code[there.pc - 1].line);
      } else {
        there = w;
      }
    }
    if (there != null && ended != null) {
      throw fault(there, entry.code[there.pc - 1], 0, "barrier divergence: warp " + ended.index + " has ended");
    }
    tick(stamp >>> Shadow.GROUP_SHIFT);
    barrier();
    return there != null;
  }

  private void barrier() {
    barrierTime = time;
    ordered = stamp;
  }

  /** {@code bar.warp.sync}: what the warp did before is ordered before what it does next. */
  void syncWarp(Warp w) {
    tick(stamp >>> Shadow.GROUP_SHIFT);
    w.synced = time;
  }

  /** Runs a warp up to its next barrier, or to its end. */
  private void run(Warp w) {
    Instruction[] code = entry.code;
    while (w.live != 0) {
      if (w.waiting != 0) {
        w.converge();
      }
      if (w.pc >= code.length) {
        throw fault(w, code[code.length - 1], Integer.numberOfTrailingZeros(w.mask), "the text ends without ret");
      }
      Instruction i = code[w.pc];
      int active = i.guard < 0 ? w.mask : guarded(w, i);
      int count = Integer.bitCount(active);
      executed[w.pc] += count;
      budget -= count + 1;
      if (budget < 0) {
        throw fault(w, i, Integer.numberOfTrailingZeros(w.mask), "the group does not end within " + limit + " instructions");
      }
      switch (i.flow) {
        case STEP -> {
          if (active != 0) {
            step(w, i, active);
          }
          w.pc++;
        }
        case BRANCH -> branch(w, i, active);
        case END -> end(w, active);
        case BARRIER -> {
          barrier(w, i, active);
          return;
        }
      }
    }
  }

  private void step(Warp w, Instruction i, int active) {
    try {
      i.step.run(w, active);
    } catch (LaneFault f) {
      throw fault(w, i, f.lane, f.getMessage());
    }
  }

  private int guarded(Warp w, Instruction i) {
    try {
      w.uses(i.guard, w.mask);
    } catch (LaneFault f) {
      throw fault(w, i, f.lane, f.getMessage());
    }
    return w.mask & (i.negated ? ~w.predicates[i.guard] : w.predicates[i.guard]);
  }

  private static void branch(Warp w, Instruction i, int taken) {
    if (taken == w.mask) {
      w.pc = i.target;
    } else {
      if (taken != 0) {
        w.park(i.target, taken);
        w.mask &= ~taken;
      }
      w.pc++;
    }
  }

  private static void end(Warp w, int lanes) {
    w.live &= ~lanes;
    w.mask &= ~lanes;
    w.pc++;
  }

  private void barrier(Warp w, Instruction i, int active) {
    if (active != w.live) {
      throw fault(w, i, Integer.numberOfTrailingZeros(w.live & ~active), "barrier divergence: this thread is not at the barrier");
    }
    if (w.live != w.all) {
      throw fault(w, i, Integer.numberOfTrailingZeros(w.all & ~w.live), "barrier divergence: this thread has ended");
    }
    w.pc++;
  }

  private PtxFault fault(Warp w, Instruction i, int lane, String cause) {
    int t = w.thread(lane);
    String thread = t % size[0] + "," + t / size[0] % size[1] + "," + t / (size[0] * size[1]);
    return new PtxFault(i.line, i.text,
        entry.name() + ", group (" + at[0] + "," + at[1] + "," + at[2] + "), thread (" + thread + "): " + cause);
  }
}

package io.gllm.kernels.rocm.gcn;

import java.util.Arrays;

/**
 * The state of a wave: registers, of which each scalar bit and each vector lane is known or not, the mask of lanes that execute, and
 * what is outstanding. What nothing has written is carried along as unknown until something depends on it.
 */
final class Wave {
  static final int VCC = 106;
  static final int TRAPS = 108;
  static final int M0 = 124;
  static final int NULL = 125;
  static final int EXEC = 126;
  /** Scalar registers end here; constants follow. */
  static final int SCALARS = 128;
  /** The number of vector register 0 among all registers. */
  static final int VECTORS = 128;

  enum State {
    RUNNING, AT_BARRIER, ENDED
  }

  final Group group;
  final int index;
  final int lanes;
  /** The mask of all lanes. */
  final long all;
  final int[] s;
  final int[] scalarKnown;
  final int[][] v;
  final long[] vectorKnown;
  final Outstanding outstanding = new Outstanding();
  /** Room for operands that are no vector registers as they are. */
  final int[][] scratch;

  int pc;
  /** Counts instructions. */
  int step;
  State state;
  private long exec;
  private long threads;
  private boolean scc;
  private boolean sccKnown;
  private final int[] masks;
  private long masksOf;

  Wave(Group group, int index) {
    GcnKernel kernel = group.kernel;
    this.group = group;
    this.index = index;
    lanes = kernel.chip.lanes();
    all = lanes == 64 ? -1L : (1L << lanes) - 1;
    int[] constants = kernel.constants.scalars();
    s = new int[SCALARS + constants.length];
    System.arraycopy(constants, 0, s, SCALARS, constants.length);
    scalarKnown = new int[s.length];
    int registers = kernel.registers();
    v = new int[registers + kernel.constants.count()][];
    vectorKnown = new long[v.length];
    for (int i = 0; i < v.length; i++) {
      v[i] = new int[lanes];
      if (i >= registers) {
        Arrays.fill(v[i], kernel.constants.word(i - registers));
      }
    }
    scratch = new int[6][lanes];
    masks = new int[lanes];
  }

  /** Ready for a group, with {@code count} threads of it. */
  void reset(int count) {
    threads = count >= lanes ? all : (1L << count) - 1;
    Arrays.fill(scalarKnown, 0, SCALARS, 0);
    Arrays.fill(scalarKnown, SCALARS, s.length, -1);
    Arrays.fill(vectorKnown, 0, group.kernel.registers(), 0);
    Arrays.fill(vectorKnown, group.kernel.registers(), v.length, -1);
    s[NULL] = 0;
    scalarKnown[NULL] = -1;
    scalarKnown[EXEC] = -1;
    scalarKnown[EXEC + 1] = -1;
    sccKnown = false;
    setExec(threads, -1);
    outstanding.clear();
    pc = 0;
    state = State.RUNNING;
  }

  long exec() {
    return exec;
  }

  /** All lanes that are threads of the group. */
  long threads() {
    return threads;
  }

  void setExec(long mask, long known) {
    long value = mask & all;
    if ((known & all) != all) {
      throw new GcnFault("the mask of lanes depends on what nothing has written");
    }
    if ((value & ~threads) != 0) {
      throw new GcnFault("executes lanes that are no threads: 0x" + Long.toHexString(value & ~threads));
    }
    exec = value;
    s[EXEC] = (int) value;
    s[EXEC + 1] = (int) (value >>> 32);
  }

  /** The mask of lanes that execute as -1 and 0 for each lane. */
  int[] masks() {
    if (masksOf != exec) {
      masksOf = exec;
      for (int l = 0; l < masks.length; l++) {
        masks[l] = -(int) (exec >>> l & 1);
      }
    }
    return masks;
  }

  /** The executing lanes of a vector register have been written; {@code known} says which of them from known values. */
  void wrote(int row, long known) {
    vectorKnown[row] = vectorKnown[row] & ~exec | known & exec;
  }

  boolean scc() {
    if (!sccKnown) {
      throw new GcnFault("depends on scc, which comes from what nothing has written");
    }
    return scc;
  }

  void setScc(boolean value, boolean known) {
    scc = value;
    sccKnown = known;
  }

  long read64(int register) {
    return s[register] & 0xffffffffL | (long) s[register + 1] << 32;
  }

  long known64(int register) {
    return scalarKnown[register] & 0xffffffffL | (long) scalarKnown[register + 1] << 32;
  }

  void write32(int register, int value, int known) {
    if (register == EXEC) {
      setExec(lanes == 64 ? exec & 0xffffffff00000000L | value & 0xffffffffL : value, lanes == 64 ? known | 0xffffffff00000000L : known);
    } else if (register == EXEC + 1) {
      setExec(exec & 0xffffffffL | (long) value << 32, (long) known << 32 | 0xffffffffL);
    } else if (register != NULL) {
      s[register] = value;
      scalarKnown[register] = known;
    }
  }

  void write64(int register, long value, long known) {
    if (register == EXEC) {
      setExec(value, known);
    } else if (register != NULL) {
      s[register] = (int) value;
      s[register + 1] = (int) (value >>> 32);
      scalarKnown[register] = (int) known;
      scalarKnown[register + 1] = (int) (known >>> 32);
    }
  }

  /** A mask of lanes in a register, or two for 64 lanes. */
  long readMask(int register) {
    return lanes == 64 ? read64(register) : s[register] & 0xffffffffL;
  }

  long knownMask(int register) {
    return lanes == 64 ? known64(register) : scalarKnown[register] & 0xffffffffL;
  }

  void writeMask(int register, long mask, long known) {
    if (lanes == 64) {
      write64(register, mask, known);
    } else {
      write32(register, (int) mask, (int) known);
    }
  }

  /** Insists on a scalar register that has been written. */
  int readKnown(int register) {
    if (scalarKnown[register] != -1) {
      throw new GcnFault("depends on " + Constants.name(register) + ", which nothing has written");
    }
    return s[register];
  }

  /** Insists on lanes that have been written. */
  void requireKnown(long known, String what) {
    long unknown = exec & ~known;
    if (unknown != 0) {
      throw new LaneFault(Long.numberOfTrailingZeros(unknown), what + " that nothing has written");
    }
  }
}

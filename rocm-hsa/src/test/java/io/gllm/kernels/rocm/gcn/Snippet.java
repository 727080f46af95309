package io.gllm.kernels.rocm.gcn;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

/**
 * A few instructions, run for many values. In vector code %d, %a, %b, %c stand for registers with a value for each lane, %D and so on for
 * the two registers that hold its 64 bits, %m for a mask of lanes; in scalar code they stand for scalar registers.
 */
final class Snippet {
  /** What %D holds before. */
  static final long BEFORE = 0x5a5a5a5a_5a5a5a5aL;
  private static final String[] NAMES = {"d", "a", "b", "c"};

  private Snippet() {}

  /** What %D holds afterwards, for each value; in lanes that are not in {@code exec}, nothing should have changed. */
  static long[] vector(String chip, String code, long exec, long[]... inputs) {
    boolean wide = Chip.of(chip).lanes() == 64;
    String text = (wide ? "s_mov_b64 exec, s[16:17]\n" : "s_mov_b32 exec_lo, s16\n") + code + "\n"
        + (wide ? "s_mov_b64 exec, -1\n" : "s_mov_b32 exec_lo, -1\n");
    for (int i = 0; i < NAMES.length; i++) {
      int register = 10 + 2 * i;
      text = text.replace("%" + NAMES[i], "v" + register).replace("%" + NAMES[i].toUpperCase(),
          "v[" + register + ":" + (register + 1) + "]");
    }
    text = text.replace("%m", wide ? "s[18:19]" : "s18").replace("%x", wide ? "exec" : "exec_lo").replace("%v", wide ? "vcc" : "vcc_lo");
    StringBuilder before = new StringBuilder("""
        s_load_b256 s[4:11], s[0:1], 0x0
        s_load_b64 s[16:17], s[0:1], 0x20
        s_waitcnt lgkmcnt(0)
        v_lshlrev_b32 v1, 3, v0
        v_mov_b32 v10, 0x5a5a5a5a
        v_mov_b32 v11, 0x5a5a5a5a
        """);
    before.append("s_lshl_b32 s3, s2, " + (wide ? 9 : 8) + "\nv_add_nc_u32 v1, s3, v1\n");
    for (int i = 0; i < inputs.length; i++) {
      before.append("global_load_b64 v[" + (12 + 2 * i) + ":" + (13 + 2 * i) + "], v1, s[" + (6 + 2 * i) + ":" + (7 + 2 * i) + "]\n");
    }
    String after = "global_store_b64 v1, v[10:11], s[4:5]\ns_endpgm";
    return run(chip, before + "s_waitcnt vmcnt(0)\n" + text + after, wide ? 64 : 32, exec, inputs);
  }

  /** What %D holds afterwards for each value, and scc. */
  static long[] scalar(String chip, String code, long[]... inputs) {
    String text = code;
    for (int i = 0; i < NAMES.length; i++) {
      int register = 20 + 2 * i;
      text = text.replace("%" + NAMES[i], "s" + register).replace("%" + NAMES[i].toUpperCase(),
          "s[" + register + ":" + (register + 1) + "]");
    }
    StringBuilder before = new StringBuilder("""
        s_load_b256 s[4:11], s[0:1], 0x0
        s_lshl_b32 s3, s2, 3
        s_mov_b32 s20, 0x5a5a5a5a
        s_mov_b32 s21, 0x5a5a5a5a
        s_waitcnt lgkmcnt(0)
        """);
    for (int i = 0; i < inputs.length; i++) {
      before.append("s_load_b64 s[" + (22 + 2 * i) + ":" + (23 + 2 * i) + "], s[" + (6 + 2 * i) + ":" + (7 + 2 * i) + "], s3\n");
    }
    String after = """

        v_mov_b32 v2, s20
        v_mov_b32 v3, s21
        v_mov_b32 v1, s3
        global_store_b64 v1, v[2:3], s[4:5]
        s_endpgm""";
    return run(chip, before + "s_waitcnt lgkmcnt(0)\n" + text + after, 1, -1, inputs);
  }

  private static long[] run(String chip, String text, int threads, long exec, long[]... inputs) {
    int n = inputs[0].length;
    Program p = new Program(chip).limit(1L << 40);
    long[] pointers = new long[5];
    pointers[0] = p.memory.allocate(8L * n);
    for (int i = 0; i < 3; i++) {
      pointers[i + 1] = p.longs(inputs[Math.min(i, inputs.length - 1)]);
    }
    pointers[4] = exec;
    p.run(text, n / threads, threads, pointers);
    return p.memory.segment(pointers[0], 8L * n).toArray(JAVA_LONG);
  }
}

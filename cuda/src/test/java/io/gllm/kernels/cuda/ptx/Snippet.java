package io.gllm.kernels.cuda.ptx;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A few instructions, run by one thread for each value: {@code %d} of {@code %a %b %c %e}. */
final class Snippet {
  private static final String[] NAMES = {"d", "a", "b", "c", "e"};

  private Snippet() {}

  /**
   * What {@code %d} holds afterwards, without a sign.
   *
   * @param signature
   *            the widths of {@code %d}, {@code %a} and so on: p, h, w or d
   * @param inputs
   *            the values of {@code %a} and so on; all of one length
   */
  static long[] run(String code, String signature, long[]... inputs) {
    int n = inputs[0].length;
    DeviceMemoryMap memory = new DeviceMemoryMap();
    long out = memory.allocate(8L * n);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(40, 8);
      parameters.setAtIndex(JAVA_LONG, 0, out);
      for (int i = 0; i < inputs.length; i++) {
        long in = memory.allocate(8L * n);
        MemorySegment.copy(inputs[i], 0, memory.segment(in, 8L * n), JAVA_LONG, 0, n);
        parameters.setAtIndex(JAVA_LONG, i + 1, in);
      }
      int threads = n % 32 == 0 ? 32 : 1;
      PtxLaunch.run(PtxModule.parse(kernel(code, signature)).entry("snippet"), n / threads, 1, 1, threads, 1, 1, parameters, memory);
    }
    return memory.segment(out, 8L * n).toArray(JAVA_LONG);
  }

  private static String kernel(String code, String signature) {
    StringBuilder text = new StringBuilder("""
        .version 8.0
        .target sm_90
        .address_size 64
        .visible .entry snippet(.param .u64 po, .param .u64 pa, .param .u64 pb, .param .u64 pc, .param .u64 pe)
        {
        .reg .b32 %i<4>;
        .reg .b64 %at, %to, %value;
        .reg .pred %p<4>;
        .reg .b16 %h<4>;
        .reg .b32 %w<8>;
        .reg .b64 %l<4>;
        mov.u32 %i0, %ctaid.x;
        mov.u32 %i1, %ntid.x;
        mov.u32 %i2, %tid.x;
        mad.lo.s32 %i3, %i0, %i1, %i2;
        """);
    for (int i = 0; i < signature.length(); i++) {
      String type = switch (signature.charAt(i)) {
        case 'p' -> "pred";
        case 'h' -> "b16";
        case 'w' -> "b32";
        default -> "b64";
      };
      text.append(".reg .").append(type).append(" %").append(NAMES[i]).append(";\n");
      if (i > 0) {
        text.append("ld.param.u64 %at, [p").append(NAMES[i]).append("];\nmad.wide.u32 %to, %i3, 8, %at;\n");
        text.append(type.equals("pred")
            ? "ld.global.u32 %w7, [%to];\nsetp.ne.u32 %" + NAMES[i] + ", %w7, 0;\n"
            : "ld.global." + type + " %" + NAMES[i] + ", [%to];\n");
      }
    }
    text.append(code).append("\nld.param.u64 %at, [po];\nmad.wide.u32 %to, %i3, 8, %at;\n");
    text.append(switch (signature.charAt(0)) {
      case 'p' -> "selp.u64 %value, 1, 0, %d;\n";
      case 'h' -> "cvt.u64.u16 %value, %d;\n";
      case 'w' -> "cvt.u64.u32 %value, %d;\n";
      default -> "mov.u64 %value, %d;\n";
    });
    return text.append("st.global.u64 [%to], %value;\nret;\n}\n").toString();
  }
}

package io.gllm.kernels.rocm.gcn;

import java.util.List;

/** Two instructions of GFX11 in one, which read all of their operands before either writes. */
final class Dual {
  private Dual() {}

  /** Two instructions one after the other, and a third that moves a result where it would have been in the way. */
  static List<Op> decode(GcnKernel kernel, String text) {
    Line x = part(text, 0);
    Line y = part(text, 1);
    if (!reads(y, x.operands().getFirst())) {
      return List.of(kernel.single(x, -1), kernel.single(y, -1));
    }
    if (!reads(x, y.operands().getFirst())) {
      return List.of(kernel.single(y, -1), kernel.single(x, -1));
    }
    return List.of(kernel.single(x, kernel.spare()), kernel.single(y, -1), kernel.move(x.operands().getFirst()));
  }

  private static Line part(String text, int i) {
    return Line.parse(text.split(" :: ")[i].replaceFirst("^v_dual_", "v_"));
  }

  /** Whether an instruction reads a register. Those that add to their result are not modelled. */
  private static boolean reads(Line line, String register) {
    return line.operands().subList(1, line.operands().size()).contains(register);
  }
}

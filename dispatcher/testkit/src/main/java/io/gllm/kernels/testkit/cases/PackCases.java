package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Mismatch;
import io.gllm.kernels.testkit.Suite;

/** pack_b by itself: sizes, guards, inputs; what it packs is checked by the operators that read it. */
final class PackCases {
  private static final int[][] SHAPES = {{0, 1}, {1, 0}, {1, 1}, {15, 1}, {16, 2}, {17, 3}, {31, 1}, {33, 2}, {65, 5}, {130, 1}};

  private PackCases() {}

  static void addTo(Suite suite) {
    for (ElementType type : PackB.OP.types()) {
      suite.add(PackB.OP, type, "shapes", h -> shapes(h, type, 0));
      suite.add(PackB.OP, type, "unaligned", h -> shapes(h, type, 1));
    }
  }

  private static void shapes(Harness h, ElementType type, int shift) {
    for (int[] s : SHAPES) {
      int n = s[0];
      int k = s[1] * (type.blockElements() == 1 ? 13 : type.blockElements());
      pack(h, type, n, k, true, shift);
      if (!(type instanceof QuantFormat)) {
        pack(h, type, n, k, false, shift);
      }
    }
  }

  private static void pack(Harness h, ElementType type, int n, int k, boolean transposed, int shift) {
    Data b = type instanceof QuantFormat format
        ? BlockData.of(format, BlockData.Kind.RANDOM, n * k, "pack")
        : new Source("pack").normal((DType) type, n * k, 1);
    long bytes = h.pack(b, n, k, transposed, shift).mostBytes();
    // More would be a mistake in the padding: tiles are at most 64 wide, and a block gains at most as many bytes as it has.
    long most = 4 * (type.bytesFor((n + 64L) / 64 * 64 * k) + 4096);
    if (bytes > most) {
      throw new Mismatch(n + " x " + k + " takes " + bytes + " bytes packed");
    }
  }
}

package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.cases.MatMulCall.Form;
import java.util.List;

/** gemv, gemm, gemm_bt, gemm_bias, gemm_bias_act, gemm_prepacked. */
final class MatMulCases {
  /** m, n, k: around the widths of lanes and tiles, odd everywhere, empty in each direction. */
  private static final int[][] SHAPES = {{1, 1, 1}, {1, 1, 0}, {3, 5, 0}, {0, 5, 7}, {5, 0, 7}, {1, 17, 5}, {3, 5, 7}, {2, 31, 33},
    {4, 33, 31}, {5, 1, 67}, {6, 16, 64}, {7, 15, 65}, {8, 65, 32}, {13, 33, 17}, {14, 32, 32}, {15, 31, 67}, {16, 17, 257}, {29, 64, 3},
    {31, 12, 40}, {33, 8, 100}, {64, 9, 37}, {12, 49, 129}};
  private static final int[][] BLOCKED = {{65, 130, 259}, {5, 33, 1100}, {200, 37, 40}, {2, 1025, 70}, {1, 700, 2051}, {70, 260, 131},
    {20, 9, 2100},
    {3, 40, 2300}, {15, 2100, 33}, {2100, 17, 19}, {70, 136, 264}, {130, 71, 200}, {9, 8, 520}};
  private static final int[] BATCHES = {1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17, 24, 28, 31, 32, 33, 48, 63, 64};

  private MatMulCases() {}

  static void addTo(Suite suite) {
    for (ElementType element : MatMul.GEMM.types()) {
      DType type = (DType) element;
      for (Form form : Form.values()) {
        for (DType activations : type == DType.F32 ? List.of(DType.F32) : List.of(DType.F32, type)) {
          add(suite, form, type, activations);
        }
        suite.addReproducible(form.op, type, form.label + "equal rows for every m", h -> batches(h, form, type));
      }
    }
  }

  private static void add(Suite suite, Form form, DType type, DType activations) {
    String prefix = form.label + (activations == type ? "" : activations.label() + " activations ");
    suite.add(form.op, type, prefix + "shapes", h -> {
      for (int[] s : SHAPES) {
        new MatMulCall(form, type, activations, s[0], s[1], s[2]).normal(1).check(h);
      }
    });
    suite.add(form.op, type, prefix + "every k", h -> {
      for (int k = 1; k <= Source.TAILS; k++) {
        new MatMulCall(form, type, activations, 3, 5, k).primes().check(h);
      }
    });
    suite.add(form.op, type, prefix + "every n and m", h -> {
      for (int n = 1; n <= Source.TAILS; n++) {
        new MatMulCall(form, type, activations, 1, n, 5).primes().check(h);
      }
      for (int m = 1; m <= Source.TAILS; m++) {
        new MatMulCall(form, type, activations, m, 3, 5).primes().check(h);
      }
    });
    suite.add(form.op, type, prefix + "across blocks", h -> {
      for (int[] s : BLOCKED) {
        new MatMulCall(form, type, activations, s[0], s[1], s[2]).normal(1).check(h);
      }
    });
    suite.add(form.op, type, prefix + "unaligned", h -> {
      for (int[] s : new int[][]{{1, 17, 33}, {3, 16, 64}, {15, 33, 67}, {16, 32, 32}}) {
        new MatMulCall(form, type, activations, s[0], s[1], s[2]).normal(1).shift(1).check(h);
      }
    });
    suite.add(form.op, type, prefix + "NaN stays in its row and column", h -> {
      for (int i = 0; i < 17; i++) {
        new MatMulCall(form, type, activations, 17, 19, 21).normal(1).poison(i * 21 + i, -1, Double.NaN).check(h);
        new MatMulCall(form, type, activations, 17, 19, 21).normal(1).poison(-1, i * 19 + i, Double.POSITIVE_INFINITY).check(h);
      }
      // Rows of whole 16 bytes, which matrix units take.
      new MatMulCall(form, type, activations, 10, 24, 16).normal(1).poison(35, -1, Double.NEGATIVE_INFINITY).check(h);
      new MatMulCall(form, type, activations, 10, 24, 16).normal(1).poison(-1, 35, Double.POSITIVE_INFINITY).check(h);
    });
    suite.add(form.op, type, prefix + "magnitudes", h -> {
      double big = type == DType.F16 || activations == DType.F16 ? 60 : 1e15;
      new MatMulCall(form, type, activations, 5, 7, 67).normal(big).check(h);
      new MatMulCall(form, type, activations, 17, 33, 40).normal(type == DType.F16 ? 1e-6 : 1e-18).check(h);
      new MatMulCall(form, type, activations, 4, 16, 32).normal(0).check(h);
    });
    if (form == Form.GEMM_BIAS_ACT) {
      suite.add(form.op, type, prefix + "activations", h -> {
        for (Activation activation : Activation.values()) {
          for (int[] s : new int[][]{{1, 17, 33}, {3, 5, 0}, {15, 33, 67}, {33, 65, 130}}) {
            new MatMulCall(form, type, activations, s[0], s[1], s[2]).normal(0.7).activation(activation).check(h);
          }
        }
      });
    }
  }

  /** Row i of a product of m rows has the bits of the same row alone. */
  private static void batches(Harness h, Form form, DType type) {
    if (form == Form.GEMV) {
      gemvEqualsGemm(h, type);
      return;
    }
    for (int[] nk : new int[][]{{33, 70}, {16, 256}, {5, 31}}) {
      MatMulCall all = new MatMulCall(form, type, DType.F32, 64, nk[0], nk[1]).normal(1).packed(h);
      Equal.rows(64, BATCHES, (from, count) -> all.rows(from, count).check(h));
    }
  }

  /** gemv sums in the order of gemm_bt: A[m,n] x is one row of x times A transposed. */
  private static void gemvEqualsGemm(Harness h, DType type) {
    for (int[] mn : new int[][]{{33, 70}, {16, 256}, {5, 31}}) {
      MatMulCall gemv = new MatMulCall(Form.GEMV, type, DType.F32, mn[0], 1, mn[1]).normal(1);
      MatMulCall gemm = new MatMulCall(Form.GEMM_BT, type, DType.F32, 1, mn[0], mn[1]).operands(gemv.activations(), gemv.weights());
      Equal.bytes("gemv and gemm_bt of " + mn[0] + " x " + mn[1], gemv.check(h), gemm.check(h));
    }
  }
}

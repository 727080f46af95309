package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Attention;
import java.util.Arrays;
import java.util.Locale;

/** flash_attention. */
final class FlashCases {
  private static final double HIDDEN = Double.NEGATIVE_INFINITY;

  private final DType type;
  private final AttentionLayout layout;

  private FlashCases(DType type, AttentionLayout layout) {
    this.type = type;
    this.layout = layout;
  }

  static void addTo(Suite suite) {
    for (ElementType type : FlashAttention.OP.types()) {
      for (AttentionLayout layout : AttentionLayout.values()) {
        new FlashCases((DType) type, layout).add(suite);
      }
    }
  }

  private AttentionShape shape(int batch, int heads, int kvHeads, int queries, int keys, int headDim, boolean causal) {
    return new AttentionShape(batch, heads, kvHeads, queries, keys, headDim, layout, causal, (float) (1 / Math.sqrt(headDim)));
  }

  private void add(Suite suite) {
    String prefix = layout.name().toLowerCase(Locale.ROOT) + " ";
    suite.add(FlashAttention.OP, type, prefix + "head sizes", h -> {
      for (int dim = 2; dim <= 68; dim += 2) {
        check(h, shape(1, 2, 2, 3, 5, dim, false), null, 0);
      }
      for (int dim : new int[]{80, 96, 128, 192, 256}) {
        check(h, shape(1, 2, 1, 5, 33, dim, true), null, 0);
      }
    });
    suite.add(FlashAttention.OP, type, prefix + "grouped heads", h -> {
      check(h, shape(2, 6, 6, 3, 7, 16, false), null, 0);
      check(h, shape(2, 6, 3, 3, 7, 16, true), null, 0);
      check(h, shape(2, 6, 2, 3, 7, 16, false), null, 0);
      check(h, shape(3, 8, 1, 2, 9, 32, true), null, 0);
    });
    suite.add(FlashAttention.OP, type, prefix + "causal", h -> {
      for (int[] qk : new int[][]{{1, 1}, {5, 5}, {3, 8}, {1, 40}, {8, 3}, {9, 1}, {33, 33}, {17, 70}, {70, 17}, {66, 130}}) {
        check(h, shape(1, 2, 1, qk[0], qk[1], 16, true), null, 0);
      }
    });
    suite.add(FlashAttention.OP, type, prefix + "lengths", h -> {
      for (int keys = 0; keys <= Source.TAILS; keys++) {
        check(h, shape(1, 1, 1, 2, keys, 8, false), null, 0);
      }
      check(h, shape(0, 2, 2, 3, 4, 8, false), null, 0);
      check(h, shape(1, 2, 2, 0, 4, 8, true), null, 0);
      check(h, shape(1, 2, 1, 3, 1025, 64, false), null, 0);
      check(h, shape(2, 4, 2, 130, 131, 64, true), null, 0);
      if (type == DType.F32) {
        check(h, shape(1, 8, 2, 65, 1060, 8, true), null, 0); // so many rows that a GPU need not work on spans side by side
      }
    });
    suite.add(FlashAttention.OP, type, prefix + "masks", h -> {
      for (int[] qk : new int[][]{{1, 1}, {4, 17}, {6, 64}, {5, 131}}) {
        check(h, shape(1, 2, 1, qk[0], qk[1], 16, false), mask(qk[0], qk[1]), 0);
        check(h, shape(2, 2, 2, qk[0], qk[1], 16, true), mask(qk[0], qk[1]), 0);
      }
      check(h, shape(1, 2, 1, 20, 131, 64, false), mask(20, 131), 0);
      check(h, shape(2, 2, 2, 70, 75, 128, true), mask(70, 75), 0);
    });
    suite.add(FlashAttention.OP, type, prefix + "unaligned", h -> {
      check(h, shape(1, 2, 1, 3, 37, 34, true), null, 1);
      check(h, shape(2, 4, 2, 5, 21, 64, false), mask(5, 21), 1);
    });
    suite.add(FlashAttention.OP, type, prefix + "in place and without log-sum-exp", h -> {
      AttentionShape s = shape(2, 4, 2, 7, 19, 32, true);
      run(h, s, operands(s, 1), null, true, true, 0);
      run(h, s, operands(s, 1), null, false, false, 0);
      AttentionShape long64 = shape(1, 4, 2, 70, 80, 64, true);
      run(h, long64, operands(long64, 1), null, true, true, 0);
    });
    suite.add(FlashAttention.OP, type, prefix + "the maximum grows", this::growing);
    suite.add(FlashAttention.OP, type, prefix + "NaN", this::nan);
  }

  /** Rows that see everything, nothing, one key at the end, and slopes with gaps. */
  private static double[] mask(int queries, int keys) {
    double[] mask = new double[queries * keys];
    for (int i = 0; i < queries; i++) {
      for (int t = 0; t < keys; t++) {
        mask[i * keys + t] = switch (i % 4) {
          case 0 -> 0;
          case 1 -> HIDDEN;
          case 2 -> t == keys - 1 ? 0 : HIDDEN;
          default -> t % 3 == 0 ? HIDDEN : (t - keys) / 8.0;
        };
      }
    }
    return mask;
  }

  private record Operands(double[] q, double[] k, double[] v) {}

  private static Operands operands(AttentionShape s, double size) {
    Source source = new Source(s.toString());
    int kv = s.batch() * s.kvHeads() * s.keys() * s.headDim();
    return new Operands(source.normal(s.batch() * s.heads() * s.queries() * s.headDim(), size), source.normal(kv, size),
        source.normal(kv, 1));
  }

  /** Scores rise from tile to tile, so that every tile rescales what came before; and the other way. */
  private void growing(Harness h) {
    AttentionShape s = shape(1, 1, 1, 3, 300, 16, false);
    Operands o = operands(s, 1);
    for (double sign : new double[]{1, -1}) {
      double[] q = new double[o.q.length];
      Arrays.fill(q, 1);
      double[] k = new double[o.k.length];
      for (int t = 0; t < 300; t++) {
        Arrays.fill(k, t * 16, t * 16 + 16, sign * t / 64.0);
      }
      run(h, s, new Operands(q, k, o.v), null, false, true, 0);
    }
    check(h, shape(1, 2, 1, 4, 200, 64, true), null, 0, 6);
  }

  /** NaN in a query, a key or a value that is seen spreads; in a key or value that is not seen it does not. */
  private void nan(Harness h) {
    nan(h, shape(1, 2, 2, 6, 9, 16, true), 7);
    nan(h, shape(1, 2, 2, 6, 9, 64, true), 64 + 7);
  }

  private void nan(Harness h, AttentionShape s, int step) {
    for (int i = 0; i < 9 * s.headDim(); i += step) {
      Operands o = operands(s, 1);
      o.k[i] = Double.NaN;
      run(h, s, o, null, false, true, 0);
      o = operands(s, 1);
      o.v[o.v.length - 1 - i] = Double.NaN;
      run(h, s, o, null, false, true, 0);
      o = operands(s, 1);
      o.q[i % o.q.length] = Double.NaN;
      run(h, s, o, null, false, true, 0);
    }
  }

  private void check(Harness h, AttentionShape s, double[] mask, int shift) {
    run(h, s, operands(s, 1), mask, false, true, shift);
  }

  private void check(Harness h, AttentionShape s, double[] mask, int shift, double size) {
    run(h, s, operands(s, size), mask, false, true, shift);
  }

  private void run(Harness h, AttentionShape s, Operands o, double[] mask, boolean inPlace, boolean withLse, int shift) {
    Data q = Data.of(DType.F32, o.q);
    Data k = Data.of(type, o.k);
    Data v = Data.of(type, o.v);
    Attention exact = Attention.flash(s, q.values(), k.values(), v.values(), mask);
    Expected expected = Expected.near(DType.F32, exact.out, exact.outBound);
    Call<FlashAttention.Kernel> call = new Call<FlashAttention.Kernel>(s + (mask == null ? "" : " masked")).shift(shift);
    Operand qs = inPlace ? call.inOut("q", q, expected) : call.in("q", q);
    Operand ks = call.in("k", k);
    Operand vs = call.in("v", v);
    Operand masks = mask == null ? null : call.in("mask", Data.of(DType.F32, mask));
    Operand out = inPlace ? qs : call.out("out", DType.F32, expected);
    Operand lse = withLse ? call.out("lse", DType.F32, Expected.near(DType.F32, exact.lse, exact.lseBound)) : null;
    h.check(FlashAttention.OP, type, call.launch(kernel -> {
      Buffer m = masks == null ? null : masks.buffer();
      Buffer l = lse == null ? null : lse.buffer();
      FlashAttention.check(qs.buffer(), ks.buffer(), vs.buffer(), m, out.buffer(), l, s);
      kernel.run(qs.buffer(), ks.buffer(), vs.buffer(), m, out.buffer(), l, s);
    }));
  }
}

package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Packed;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Product;
import io.gllm.kernels.testkit.oracle.Quantized;
import java.util.Arrays;

/** quant_matmul, with weights raw and packed, activations in f32 and quantised. */
final class QuantMatMulCases {
  /** m, n, and k in blocks. */
  private static final int[][] SHAPES = {{1, 1, 1}, {1, 17, 1}, {0, 3, 1}, {3, 0, 1}, {2, 3, 0}, {2, 15, 2}, {3, 16, 3}, {4, 33, 1},
    {5, 1, 5},
    {7, 31, 2}, {8, 12, 1}, {9, 3, 1}, {16, 16, 2}, {17, 5, 3}, {33, 9, 1}, {64, 18, 1}};
  private static final int[][] LARGE = {{1, 130, 9}, {5, 70, 17}, {40, 65, 8}, {3, 1100, 1}, {130, 17, 1}};
  private static final int[] BATCHES = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64};

  /**
   * A weight matrix, decoded and packed once however many calls use it: the decoder reads bit by bit.
   *
   * @param prepared packed by the device, or null where the case is of raw weights
   */
  private record Weights(Data blocks, double[] values, Packed prepared) {}

  private final QuantFormat format;
  private final boolean packed;
  private final boolean quantized;

  private QuantMatMulCases(QuantFormat format, boolean packed, boolean quantized) {
    this.format = format;
    this.packed = packed;
    this.quantized = quantized;
  }

  static void addTo(Suite suite) {
    for (QuantFormat format : QuantMatMul.FORMATS) {
      for (int i = 0; i < 4; i++) {
        new QuantMatMulCases(format, i % 2 == 1, i >= 2).add(suite);
      }
    }
  }

  private void add(Suite suite) {
    String prefix = (packed ? "packed, " : "") + (quantized ? "quantised activations, " : "");
    int block = format.blockElements();
    suite.add(QuantMatMul.OP, format, prefix + "shapes", h -> {
      for (int[] s : SHAPES) {
        check(h, BlockData.Kind.RANDOM, s[0], s[1], s[2] * block, 1, 0);
      }
    });
    suite.add(QuantMatMul.OP, format, prefix + "across blocks", h -> {
      for (int[] s : LARGE) {
        check(h, BlockData.Kind.RANDOM, s[0], s[1], s[2] * block, 1, 0);
      }
      // Blocks of 32 where the number of blocks is no multiple of 8, and many of them.
      check(h, BlockData.Kind.RANDOM, 2, 19, block == 32 ? 32 * 67 : 1280, 1, 0);
    });
    suite.add(QuantMatMul.OP, format, prefix + "patterns", h -> {
      for (BlockData.Kind kind : BlockData.Kind.values()) {
        check(h, kind, 1, 17, 2 * block, 1, 0);
        check(h, kind, 3, 18, 3 * block, 1, 0);
        check(h, kind, 17, 33, block, 1, 0);
      }
    });
    suite.add(QuantMatMul.OP, format, prefix + "unaligned", h -> {
      check(h, BlockData.Kind.RANDOM, 1, 17, 3 * block, 1, 1);
      check(h, BlockData.Kind.RANDOM, 5, 33, 2 * block, 1, 1);
    });
    suite.add(QuantMatMul.OP, format, prefix + "magnitudes", h -> {
      for (double scale : new double[]{0, 1e-20, 1e-4, 1e4, 1e20}) {
        check(h, BlockData.Kind.RANDOM, 2, 17, 2 * block,
            quantized && format.activationFormat() == QuantFormat.Q8_0 ? Math.min(scale, 1e4) : scale, 0);
      }
    });
    suite.add(QuantMatMul.OP, format, prefix + "one activation", h -> oneActivation(h, block));
    suite.add(QuantMatMul.OP, format, prefix + "NaN stays in its row", h -> {
      Weights w = weights(h, BlockData.Kind.RANDOM, 17, 2 * block, "w", 0);
      for (int i = 0; i < block; i += 5) {
        double[] x = new Source("nan").normal(5 * 2 * block, 1);
        x[2 * 2 * block + i] = Double.NaN;
        check(h, "NaN at " + i, w, Data.of(DType.F32, x), 5, 17, 2 * block, 0);
      }
    });
    suite.addReproducible(QuantMatMul.OP, format, prefix + "equal rows for every m", h -> batches(h, block));
  }

  /** A single activation that is not zero picks a single column of the weights: a wrong place shows in full. */
  private void oneActivation(Harness h, int block) {
    Weights w = weights(h, BlockData.Kind.RANDOM, 19, 2 * block, "one", 0);
    for (int i = 0; i < 2 * block; i += block == 32 ? 1 : 5) {
      double[] x = new double[2 * 2 * block];
      x[i] = 127;
      x[2 * block + (i * 7 + 3) % (2 * block)] = -127;
      check(h, "only x[" + i + "]", w, Data.of(DType.F32, x), 2, 19, 2 * block, 0);
    }
  }

  private void check(Harness h, BlockData.Kind kind, int m, int n, int k, double scale, int shift) {
    Weights w = weights(h, kind, n, k, "w" + n, shift);
    check(h, kind.label(), w, new Source("x" + m + k).normal(DType.F32, m * k, scale), m, n, k, shift);
  }

  private void batches(Harness h, int block) {
    int n = 19;
    int k = 3 * block;
    Weights w = weights(h, BlockData.Kind.RANDOM, n, k, "batch", 0);
    Data x = activations(new Source("batch").normal(DType.F32, 64 * k, 1));
    int row = x.bytes().length / 64;
    Equal.rows(64, BATCHES, (from, count) -> {
      Data part = new Data(x.type(), Arrays.copyOfRange(x.bytes(), from * row, (from + count) * row));
      return call(h, "rows", w, part, Expected.anything((long) count * n), count, n, k, 0);
    });
  }

  private Weights weights(Harness h, BlockData.Kind kind, int n, int k, String seed, int shift) {
    Data blocks = BlockData.of(format, kind, n * k, seed);
    return new Weights(blocks, blocks.values(), packed ? h.pack(blocks, n, k, true, shift) : null);
  }

  private Data activations(Data floats) {
    QuantFormat activations = format.activationFormat();
    return quantized ? new Data(activations, Quantized.encode(activations, floats.values())) : floats;
  }

  private byte[] check(Harness h, String label, Weights w, Data floats, int m, int n, int k, int shift) {
    Data x = activations(floats);
    return call(h, label, w, x, expected(w.values, x.values(), m, n, k), m, n, k, shift);
  }

  private byte[] call(Harness h, String label, Weights w, Data x, Expected expected, int m, int n, int k, int shift) {
    Call<QuantMatMul.Kernel> call = new Call<QuantMatMul.Kernel>(label + " m=" + m + " n=" + n + " k=" + k).shift(shift);
    Operand weights = packed ? null : call.in("w", w.blocks);
    Operand in = call.in("x", x);
    Operand out = call.out("y", DType.F32, expected);
    h.check(QuantMatMul.OP, format, call.launch(kernel -> {
      Buffer matrix = packed ? w.prepared.buffer() : weights.buffer();
      QuantMatMul.check(matrix, in.buffer(), out.buffer(), m, n, k);
      kernel.run(matrix, in.buffer(), out.buffer(), m, n, k);
    }));
    return out.result();
  }

  private Expected expected(double[] w, double[] x, int m, int n, int k) {
    Product product = Product.of(x, w, m, n, k);
    double[] bound = new double[m * n];
    int size = format.activationFormat().blockElements();
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double steps = 0;
        for (int from = 0; !quantized && from < k; from += size) {
          steps += step(w, x, j * k + from, i * k + from, Math.min(size, k - from));
        }
        bound[i * n + j] = QuantMatMul.bound(k, product.sumAbs()[i * n + j], steps);
      }
    }
    return Expected.near(DType.F32, product.exact(), bound);
  }

  private double step(double[] w, double[] x, int fromW, int fromX, int size) {
    double largest = 0;
    double abs = 0;
    for (int i = 0; i < size; i++) {
      largest = Math.max(largest, Math.abs(x[fromX + i]));
      abs += Math.abs(w[fromW + i]);
    }
    return QuantMatMul.activationError(format.activationFormat(), largest) * abs;
  }
}

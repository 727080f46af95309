package io.gllm.kernels.testkit.cases;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.testkit.Call;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.Expected;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Mismatch;
import io.gllm.kernels.testkit.Operand;
import io.gllm.kernels.testkit.Suite;
import io.gllm.kernels.testkit.oracle.Blocks;
import io.gllm.kernels.testkit.oracle.Quantized;
import java.util.Arrays;

/** dequant and quantize: exact. */
final class QuantCases {
  private static final int[] BLOCKS = {0, 1, 2, 3, 5, 17, 33, 65, 130};

  private QuantCases() {}

  static void addTo(Suite suite) {
    for (ElementType type : Dequant.OP.types()) {
      QuantFormat format = (QuantFormat) type;
      for (BlockData.Kind kind : BlockData.Kind.values()) {
        suite.add(Dequant.OP, format, kind.label(), h -> {
          for (int blocks : BLOCKS) {
            dequant(h, BlockData.of(format, kind, blocks * format.blockElements(), "dequant"), 0);
          }
        });
      }
      suite.add(Dequant.OP, format, "random bits and unaligned", h -> {
        dequant(h, BlockData.bits(format, 2000 * format.blockElements(), "bits"), 0);
        for (int blocks : BLOCKS) {
          dequant(h, BlockData.bits(format, blocks * format.blockElements(), "bits" + blocks), 1);
        }
      });
    }
    for (ElementType type : Quantize.OP.types()) {
      addQuantize(suite, (QuantFormat) type);
    }
  }

  private static void addQuantize(Suite suite, QuantFormat format) {
    int size = format.blockElements();
    suite.add(Quantize.OP, format, "sizes", h -> {
      for (int blocks : BLOCKS) {
        quantize(h, format, "normal", new Source("quantize" + blocks).normal(blocks * size, 1), 0);
        quantize(h, format, "unaligned", new Source("quantize" + blocks).normal(blocks * size, 30), 1);
      }
      quantize(h, format, "long", new Source("long").normal(300 * 256, 0.1), 0);
    });
    suite.add(Quantize.OP, format, "magnitudes", h -> {
      for (double scale : new double[]{0, 1e-30, 1e-6, 1e-3, 1, 1e5, 1e30}) {
        quantize(h, format, "scale " + scale, new Source("scale").normal(4 * size, scale), 0);
      }
    });
    suite.add(Quantize.OP, format, "ties and largest in each place", h -> {
      for (int i = 0; i < size; i++) {
        double[] x = new double[2 * size];
        for (int j = 0; j < x.length; j++) {
          x[j] = (j % 2 == 0 ? 1 : -1) * (j % 126 + 0.5); // in units of a step of 1 every number is a tie
        }
        x[i] = i % 2 == 0 ? 127 : -127;
        x[2 * size - 1 - i] = 127;
        quantize(h, format, "largest at " + i, x, 0);
      }
    });
    suite.add(Quantize.OP, format, "NaN and infinity in each place", h -> {
      for (int i = 0; i < size; i++) {
        for (double special : new double[]{Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
          double[] x = new Source("special").normal(3 * size, 1);
          x[size + i] = special;
          special(h, format, x);
        }
      }
    });
  }

  private static void dequant(Harness h, Data blocks, int shift) {
    long n = blocks.length();
    Call<Dequant.Kernel> call = new Call<Dequant.Kernel>("n=" + n).shift(shift);
    Operand in = call.in("blocks", blocks);
    byte[] values = Data.of(DType.F32, Blocks.decode((QuantFormat) blocks.type(), blocks.bytes())).bytes();
    Operand out = call.out("out", DType.F32, Expected.bits(DType.F32, values));
    h.check(Dequant.OP, blocks.type(), call.launch(k -> {
      Dequant.check(in.buffer(), out.buffer(), n);
      k.run(in.buffer(), out.buffer(), n);
    }));
  }

  private static void quantize(Harness h, QuantFormat format, String label, double[] x, int shift) {
    Data data = Data.of(DType.F32, x);
    encode(h, format, label, data, Expected.bits(format, Quantized.encode(format, data.values())), shift);
  }

  private static byte[] encode(Harness h, QuantFormat format, String label, Data x, Expected expected, int shift) {
    Call<Quantize.Kernel> call = new Call<Quantize.Kernel>(label + " n=" + x.length()).shift(shift);
    Operand in = call.in("x", x);
    Operand out = call.out("blocks", format, expected);
    h.check(Quantize.OP, format, call.launch(k -> {
      Quantize.check(in.buffer(), out.buffer(), x.length());
      k.run(in.buffer(), out.buffer(), x.length());
    }));
    return out.result();
  }

  /** The step of the second block is NaN or infinite, with any payload; all other bytes are exact. */
  private static void special(Harness h, QuantFormat format, double[] x) {
    Data data = Data.of(DType.F32, x);
    byte[] expected = Quantized.encode(format, data.values());
    byte[] got = encode(h, format, "special", data, Expected.anything(x.length), 0);
    int step = format == QuantFormat.Q8_0 ? 2 : 4;
    int block = format.blockBytes();
    double d = new Data(format == QuantFormat.Q8_0 ? DType.F16 : DType.F32, Arrays.copyOfRange(got, block, block + step)).values()[0];
    double wanted = new Data(format == QuantFormat.Q8_0 ? DType.F16 : DType.F32, Arrays.copyOfRange(expected, block, block + step))
        .values()[0];
    System.arraycopy(expected, block, got, block, step);
    if (Double.compare(d, wanted) != 0 || !Arrays.equals(got, expected)) {
      throw new Mismatch("a block with NaN or infinity has d = " + d + ", expected " + wanted + " and codes of 0");
    }
  }
}

package io.gllm.kernels.testkit.reference;

import static io.gllm.kernels.testkit.reference.Values.read;
import static io.gllm.kernels.testkit.reference.Values.readPacked;
import static io.gllm.kernels.testkit.reference.Values.write;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.testkit.oracle.Blocks;
import io.gllm.kernels.testkit.oracle.Floats;
import io.gllm.kernels.testkit.oracle.Quantized;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/** Bugs of products, formats and rows by index. */
final class MatrixMutants {
  private MatrixMutants() {}

  static List<Mutant<?>> all() {
    return List.of(
        new Mutant<>("f32 bits multiplied as integers", MatMul.GEMV, DType.F32, good -> MatrixMutants::bitsAsIntegers),
        new Mutant<>("f32 activations rounded to the type of the weights", MatMul.GEMM, DType.BF16,
            good -> (a, b, c, m, n, k) -> write(c, 0,
                MatrixKernels.product(rounded(read(a, m * k)), MatrixKernels.rows(b, n, k, false), m, n, k))),
        new Mutant<>("the bias is added by row", MatMul.GEMM_BIAS, DType.F32, good -> MatrixMutants::biasByRow),
        new Mutant<>("the activation comes before the bias", MatMul.GEMM_BIAS_ACT, DType.F32,
            good -> (a, b, bias, activation, c, m, n, k) -> {
              good.run(a, b, zeros(bias), activation, c, m, n, k);
              write(c, 0, plusBias(read(c, m * n), read(bias, n)));
            }),
        new Mutant<>("k = 0 leaves the result unwritten", MatMul.GEMM_BT, DType.F32, good -> (a, b, c, m, n, k) -> {
          if (k > 0) {
            good.run(a, b, c, m, n, k);
          }
        }),
        new Mutant<>("the order of a sum depends on m", MatMul.GEMM_BT, DType.F32, Numerics.REPRODUCIBLE,
            good -> MatrixMutants::orderByBatch),
        new Mutant<>("padding of a panel spreads NaN", MatMul.GEMM_PREPACKED, DType.F32, good -> MatrixMutants::paddedPanel),
        dequant("minimum added instead of subtracted", QuantFormat.Q4_K, MatrixMutants::negativeMinimum),
        dequant("both nibbles of a byte are neighbours", QuantFormat.Q4_0, block -> nibbles(block, 2, 16)),
        dequant("groups of 64 read as two halves of a byte run", QuantFormat.Q4_K, block -> nibbles(block, 16, 32)),
        dequant("the upper bits of the scales are lost", QuantFormat.Q4_K, block -> masked(block, 4, 12, 0x3f)),
        dequant("the high bit planes are lost", QuantFormat.Q6_K, block -> masked(block, 128, 192, 0)),
        dequant("only the lower of the two high bits", QuantFormat.Q6_K, block -> masked(block, 128, 192, 0x55)),
        new Mutant<>("signed weights multiplied as unsigned", QuantMatMul.OP, QuantFormat.Q8_0, good -> MatrixMutants::unsignedWeights),
        new Mutant<>("d of the first block serves the whole row", QuantMatMul.OP, QuantFormat.Q4_0, good -> MatrixMutants::oneScale),
        new Mutant<>("halves rounded away from zero", Quantize.OP, QuantFormat.Q8_0, good -> MatrixMutants::awayFromZero),
        new Mutant<>("sums of 16 not written", Quantize.OP, QuantFormat.Q8_K, good -> (x, blocks, n) -> {
          byte[] bytes = Quantized.encode(QuantFormat.Q8_K, read(x, n));
          for (int block = 0; block < n / 256; block++) {
            Values.put(blocks, block * 256L, Arrays.copyOfRange(bytes, block * 292, block * 292 + 260));
          }
        }),
        new Mutant<>("a row's offset overflows 32 bits", Embedding.OP, DType.F32, good -> MatrixMutants::narrowIndex),
        new Mutant<>("ids are clamped to the table", Embedding.OP, DType.F16, good -> (table, ids, out, count, rows, dim) -> {
          for (int i = 0; i < count; i++) {
            int id = Math.clamp(Values.ints(ids, count)[i], 0, (int) rows - 1);
            write(out, i * dim, read(table, id * dim, dim));
          }
        }),
        new Mutant<>("rows before a bad slot are stored", KvAppend.OP, DType.BF16, good -> (k, v, slots, kCache, vCache, tokens, dim) -> {
          for (long t = 0; t < tokens; t++) {
            good.run(k.slice(t * dim, dim), v.slice(t * dim, dim), slots.slice(t, 1), kCache, vCache, 1, dim);
          }
        }));
  }

  private static double[] rounded(double[] x) {
    return Arrays.stream(x).map(v -> Floats.round(DType.BF16, v)).toArray();
  }

  private static void bitsAsIntegers(Buffer a, Buffer x, Buffer y, long m, long n) {
    double[] left = read(a, m * n);
    double[] right = read(x, n);
    double[] out = new double[(int) m];
    for (int i = 0; i < left.length; i++) {
      out[i / (int) n] += Float.floatToRawIntBits((float) left[i]) * Float.floatToRawIntBits((float) right[i % (int) n]);
    }
    write(y, 0, out);
  }

  private static Buffer zeros(Buffer like) {
    return Buffer.wrap(Arena.ofAuto().allocate(like.byteSize(), 64), like.type());
  }

  private static double[] plusBias(double[] c, double[] bias) {
    double[] out = c.clone();
    Arrays.setAll(out, i -> c[i] + bias[i % bias.length]);
    return out;
  }

  private static void biasByRow(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k) {
    double[] out = MatrixKernels.product(read(a, m * k), MatrixKernels.rows(b, n, k, false), m, n, k);
    double[] added = read(bias, n);
    for (int i = 0; i < out.length; i++) {
      out[i] += added[i / (int) n % added.length];
    }
    write(c, 0, out);
  }

  private static void orderByBatch(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    double[] x = read(a, m * k);
    double[] w = MatrixKernels.rows(b, n, k, true);
    double[] out = new double[(int) (m * n)];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        float sum = 0;
        for (int l = 0; l < k; l++) {
          int at = m > 1 ? (int) k - 1 - l : l;
          sum += (float) (x[i * (int) k + at] * w[j * (int) k + at]);
        }
        out[i * (int) n + j] = sum;
      }
    }
    write(c, 0, out);
  }

  /** Multiplies a column of padding that was never cleared into the last column. */
  private static void paddedPanel(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    double[] out = MatrixKernels.product(read(a, m * k), readPacked(b, n * k), m, n, k);
    for (int i = 0; n % 16 != 0 && i < m; i++) {
      out[i * (int) n + (int) n - 1] += Double.NaN;
    }
    write(c, 0, out);
  }

  /** A faulty decoder, as the right one behind a wrong reading of the block's bytes. */
  private static Mutant<Dequant.Kernel> dequant(String bug, QuantFormat format, UnaryOperator<byte[]> misread) {
    return new Mutant<>(bug, Dequant.OP, format, good -> (blocks, out, n) -> {
      int size = format.blockElements();
      for (long i = 0; i < n; i += size) {
        write(out, i, Blocks.decode(format, misread.apply(Values.bytes(blocks, i, size))));
      }
    });
  }

  private static byte[] negativeMinimum(byte[] block) {
    block[3] ^= (byte) 0x80;
    return block;
  }

  /** Element 2i and 2i + 1 of a run of bytes in one byte, instead of i and i + run. */
  private static byte[] nibbles(byte[] block, int from, int run) {
    byte[] out = block.clone();
    for (int start = from; start < block.length; start += run) {
      for (int e = 0; e < 2 * run; e++) {
        int nibble = block[start + e / 2] >> e % 2 * 4 & 15;
        int at = start + e % run;
        out[at] = (byte) (e < run ? out[at] & 0xf0 | nibble : out[at] & 15 | nibble << 4);
      }
    }
    return out;
  }

  private static byte[] masked(byte[] block, int from, int to, int mask) {
    for (int i = from; i < to; i++) {
      block[i] &= (byte) mask;
    }
    return block;
  }

  private static void unsignedWeights(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    double[] rows = MatrixKernels.rows(w, n, k, true);
    byte[] bytes = w.segment().toArray(ValueLayout.JAVA_BYTE);
    for (int i = 0; i < rows.length; i++) {
      int q = bytes[i / 32 * 34 + 2 + i % 32];
      rows[i] = q == 0 ? 0 : rows[i] / q * (q & 0xff);
    }
    write(y, 0, MatrixKernels.product(read(x, m * k), rows, m, n, k));
  }

  private static void oneScale(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    byte[] bytes = w.segment().toArray(ValueLayout.JAVA_BYTE);
    int row = (int) k / 32 * 18;
    for (int at = 0; at + 18 <= n * row; at += 18) {
      System.arraycopy(bytes, at / row * row, bytes, at, 2);
    }
    double[] rows = Blocks.decode(QuantFormat.Q4_0, Arrays.copyOf(bytes, (int) n * row));
    write(y, 0, MatrixKernels.product(read(x, m * k), rows, m, n, k));
  }

  private static void awayFromZero(Buffer x, Buffer blocks, long n) {
    double[] values = read(x, n);
    byte[] bytes = Quantized.encode(QuantFormat.Q8_0, values);
    for (int i = 0; i < n; i++) {
      double largest = Arrays.stream(values, i / 32 * 32, i / 32 * 32 + 32).map(Math::abs).max().orElseThrow();
      float scaled = (float) values[i] * (127 / (float) largest);
      if (Math.abs(scaled) % 1 == 0.5f) {
        bytes[i / 32 * 34 + 2 + i % 32] = (byte) (Math.signum(scaled) * Math.ceil(Math.abs(scaled)));
      }
    }
    Values.put(blocks, 0, bytes);
  }

  private static void narrowIndex(Buffer table, Buffer ids, Buffer out, long count, long rows, long dim) {
    int[] index = Values.ints(ids, count);
    RowKernels.requireBelow(index, rows);
    for (int i = 0; i < count; i++) {
      int at = index[i] * (int) dim * 4; // bytes, in 32 bits
      write(out, i * dim, read(table, (at & 0xffffffffL) / 4, dim));
    }
  }
}

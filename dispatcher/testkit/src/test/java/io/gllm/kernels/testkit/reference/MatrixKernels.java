package io.gllm.kernels.testkit.reference;

import static io.gllm.kernels.testkit.reference.Values.ints;
import static io.gllm.kernels.testkit.reference.Values.put;
import static io.gllm.kernels.testkit.reference.Values.read;
import static io.gllm.kernels.testkit.reference.Values.readPacked;
import static io.gllm.kernels.testkit.reference.Values.write;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Layout;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.testkit.oracle.Floats;
import io.gllm.kernels.testkit.oracle.Product;
import io.gllm.kernels.testkit.oracle.Quantized;
import io.gllm.kernels.testkit.oracle.Special;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;

/** Products, formats, and rows by index. A packed matrix is its rows of k, as they are. */
final class MatrixKernels {
  private MatrixKernels() {}

  static void addTo(Map<Op<?>, Object> all) {
    all.put(MatMul.GEMV, (MatMul.Gemv) (a, x, y, m, n) -> write(y, 0, product(read(a, m * n), read(x, n), m, 1, n)));
    all.put(MatMul.GEMM, (MatMul.Gemm) (a, b, c, m, n, k) -> write(c, 0, product(read(a, m * k), rows(b, n, k, false), m, n, k)));
    all.put(MatMul.GEMM_BT, (MatMul.Gemm) (a, b, c, m, n, k) -> write(c, 0, product(read(a, m * k), rows(b, n, k, true), m, n, k)));
    all.put(MatMul.GEMM_PREPACKED, (MatMul.Gemm) (a, b, c, m, n, k) -> write(c, 0, product(read(a, m * k), readPacked(b, n * k), m, n, k)));
    all.put(MatMul.GEMM_BIAS, (MatMul.GemmBias) (a, b, bias, c, m, n, k) -> biased(a, b, bias, Activation.NONE, c, m, n, k));
    all.put(MatMul.GEMM_BIAS_ACT, (MatMul.GemmBiasAct) MatrixKernels::biased);
    all.put(QuantMatMul.OP, (QuantMatMul.Kernel) (w, x, y, m, n, k) -> write(y, 0, product(read(x, m * k), rows(w, n, k, true), m, n, k)));
    all.put(Dequant.OP, (Dequant.Kernel) (blocks, out, n) -> write(out, 0, read(blocks, n)));
    all.put(Quantize.OP, (Quantize.Kernel) (x, blocks, n) -> put(blocks, 0, Quantized.encode((QuantFormat) blocks.type(), read(x, n))));
    all.put(Embedding.OP, (Embedding.Kernel) (table, ids, out, count, rows, dim) -> {
      int[] index = ints(ids, count);
      RowKernels.requireBelow(index, rows);
      for (int i = 0; i < count; i++) {
        write(out, i * dim, read(table, index[i] * dim, dim));
      }
    });
    all.put(KvAppend.OP, (KvAppend.Kernel) (k, v, slots, kCache, vCache, tokens, dim) -> {
      int[] index = ints(slots, tokens);
      RowKernels.requireBelow(index, kCache.length() / dim);
      for (int t = 0; t < tokens; t++) {
        write(kCache, index[t] * dim, read(k, t * dim, dim));
        write(vCache, index[t] * dim, read(v, t * dim, dim));
      }
    });
  }

  static double[] product(double[] a, double[] rows, long m, long n, long k) {
    return Product.of(a, rows, (int) m, (int) n, (int) k).exact();
  }

  /** B as rows of k. */
  static double[] rows(Buffer b, long n, long k, boolean transposed) {
    if (b.layout() == Layout.PACKED) {
      return readPacked(b, n * k);
    }
    return transposed ? read(b, n * k) : Product.transpose(read(b, n * k), (int) k, (int) n);
  }

  private static void biased(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    double[] out = product(read(a, m * k), rows(b, n, k, false), m, n, k);
    double[] added = read(bias, n);
    for (int i = 0; i < out.length; i++) {
      out[i] = Special.activate(activation, out[i] + added[i % (int) n]);
    }
    write(c, 0, out);
  }

  /** Keeps the rows. */
  record Packing(ElementType type) implements PackB.Kernel {
    @Override
    public long packedBytes(long n, long k) {
      return type.bytesFor(n * k);
    }

    @Override
    public void run(Buffer b, Buffer packed, long n, long k, boolean transposed) {
      byte[] rows = b.type() instanceof DType plain ? Floats.encode(plain, rows(b, n, k, transposed)) : Values.bytes(b, 0, n * k);
      MemorySegment.copy(rows, 0, packed.segment(), ValueLayout.JAVA_BYTE, 0, rows.length);
    }
  }
}

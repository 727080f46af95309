package io.gllm.kernels;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.api.spi.Queue;
import java.util.Objects;

/** The operators on matrices: products with plain, packed and quantised weights. */
abstract sealed class MatrixOps extends VectorOps permits ModelOps {
  MatrixOps(Queue queue, Placement placement) {
    super(queue, placement);
  }

  /** y[m] = A[m,n] x[n], see {@link MatMul}. */
  public void gemv(Buffer a, Buffer x, Buffer y, long m, long n) {
    begin();
    try {
      MatMul.checkGemv(a, x, y, m, n);
      kernels.gemv[type(a)].run(in(a), in(x), out(y), m, n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** C[m,n] = A[m,k] B[k,n], see {@link MatMul}. */
  public void gemm(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    begin();
    try {
      MatMul.checkGemm(MatMul.GEMM, a, b, c, m, n, k);
      if (m != 0 && n != 0) {
        kernels.gemm[type(b)].run(in(a), in(b), out(c), m, n, k);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** C[m,n] = A[m,k] B[n,k]^T, B row-major or packed, see {@link MatMul}. */
  public void gemmBt(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    begin();
    try {
      MatMul.checkGemm(MatMul.GEMM_BT, a, b, c, m, n, k);
      if (m != 0 && n != 0) {
        kernels.gemmBt[type(b)].run(in(a), in(b), out(c), m, n, k);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** C[m,n] = A[m,k] B[k,n] + bias[n], see {@link MatMul}. */
  public void gemmBias(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k) {
    begin();
    try {
      MatMul.checkGemmBias(a, b, bias, c, m, n, k);
      if (m != 0 && n != 0) {
        kernels.gemmBias[type(b)].run(in(a), in(b), in(bias), out(c), m, n, k);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** C[m,n] = act(A[m,k] B[k,n] + bias[n]), see {@link MatMul}. */
  public void gemmBiasAct(Buffer a, Buffer b, Buffer bias, Activation act, Buffer c, long m, long n, long k) {
    begin();
    try {
      MatMul.checkGemmBias(a, b, bias, c, m, n, k);
      if (m != 0 && n != 0) {
        kernels.gemmBiasAct[type(b)].run(in(a), in(b), in(bias), Objects.requireNonNull(act, "act"), out(c), m, n, k);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** C[m,n] = A[m,k] B with B packed by {@link KernelDispatcher#packWeights}, see {@link MatMul}. */
  public void gemmPrepacked(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    begin();
    try {
      MatMul.checkGemm(MatMul.GEMM_PREPACKED, a, b, c, m, n, k);
      if (m != 0 && n != 0) {
        kernels.gemmPrepacked[type(b)].run(in(a), in(b), out(c), m, n, k);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** y[M,N] = x[M,K] W^T with quantised weights W, raw or packed, see {@link QuantMatMul}. */
  public void quantMatMul(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    begin();
    try {
      QuantMatMul.check(w, x, y, m, n, k);
      if (m != 0 && n != 0) {
        kernels.quantMatMul[type(w)].run(in(w), in(x), out(y), m, n, k);
      }
      placement.finish();
    } finally {
      end();
    }
  }

  /** Decodes blocks to f32, see {@link Dequant}. */
  public void dequant(Buffer blocks, Buffer out, long n) {
    begin();
    try {
      Dequant.check(blocks, out, n);
      kernels.dequant[type(blocks)].run(in(blocks), out(out), n);
      placement.finish();
    } finally {
      end();
    }
  }

  /** Encodes f32 into the activation formats Q8_0 and Q8_K, see {@link Quantize}. */
  public void quantize(Buffer x, Buffer blocks, long n) {
    begin();
    try {
      Quantize.check(x, blocks, n);
      kernels.quantize[type(blocks)].run(in(x), out(blocks), n);
      placement.finish();
    } finally {
      end();
    }
  }
}

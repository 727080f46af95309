package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.format.BlockFormat;
import java.lang.foreign.MemorySegment;

/**
 * Every matrix product, for plain and quantised weights. Each element is summed in runs of 32 along k, each from zero, added up in
 * order (gemm_bt.gk, gemv_ordered.gk), so a row has the same bits alone and in a batch.
 */
final class ScalarMatMul
    implements
      MatMul.Gemv,
      MatMul.GemmBias,
      MatMul.GemmBiasAct,
      QuantMatMul.Kernel,
      ThreadTeam.Task {
  static final int RUN = 32;

  private final CpuContext context;
  private final WeightRows weights;
  private final boolean columns;
  private final float[][] weightRow;
  private float[] activations = new float[0];
  private Buffer a;
  private Buffer bias;
  private Activation activation = Activation.NONE;
  private Buffer c;
  private long m;
  private long n;

  /** For weights [n][k], or [k][n] if {@code columns}. */
  ScalarMatMul(CpuContext context, ElementType type, boolean columns) {
    this.context = context;
    this.weights = new WeightRows(type);
    this.columns = columns;
    this.weightRow = new float[context.team().size()][0];
  }

  @Override
  public void run(Buffer a, Buffer x, Buffer y, long m, long n) {
    multiply(x, a, null, Activation.NONE, y, 1, m, n);
  }

  /** gemm, gemm_bt and gemm_prepacked. */
  void gemm(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    multiply(a, b, null, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k) {
    multiply(a, b, bias, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    multiply(a, b, bias, activation, c, m, n, k);
  }

  @Override
  public void run(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    multiply(x, w, null, Activation.NONE, y, m, n, k);
  }

  private void multiply(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    weights.set(b, n, k, columns);
    this.a = a;
    this.bias = bias;
    this.activation = activation;
    this.c = c;
    this.n = n;
    long block = Math.max(1, Math.min(m, (1 << 20) / Math.max(k, 1)));
    for (long row = 0; row < m; row += block) {
      this.m = Math.min(block, m - row);
      loadActivations(row);
      from = row;
      context.run(this, 2 * this.m * n * k);
    }
  }

  private long from;

  private void loadActivations(long row) {
    int k = weights.k();
    int count = Math.toIntExact(m * k);
    if (activations.length < count) {
      activations = new float[count];
    }
    if (a.type() instanceof QuantFormat format) {
      BlockFormat.of(format).decodeRow(a.segment(), format.bytesFor(row * k), activations, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      activations[i] = Elements.load(a.type(), a.segment(), row * k + i);
    }
  }

  @Override
  public void run(int part, int parts) {
    int k = weights.k();
    if (weightRow[part].length < k) {
      weightRow[part] = new float[k];
    }
    float[] w = weightRow[part];
    MemorySegment out = c.segment();
    long end = CpuContext.start(n, part + 1, parts);
    for (long j = CpuContext.start(n, part, parts); j < end; j++) {
      weights.row(j, w);
      for (int i = 0; i < m; i++) {
        Elements.store(c.type(), out, (from + i) * n + j, finish(dot(activations, i * k, w, k), j));
      }
    }
  }

  private float finish(float v, long column) {
    float biased = bias == null ? v : v + Elements.f32(bias.segment(), column);
    return switch (activation) {
      case NONE -> biased;
      case RELU -> PortableMath.relu(biased);
      case SILU -> PortableMath.silu(biased);
      case GELU -> PortableMath.gelu(biased);
    };
  }

  /** Four runs at a time: their sums do not depend on each other, only the order in which they are added counts. */
  static float dot(float[] x, int at, float[] w, int k) {
    float total = 0.0f;
    int i = 0;
    for (; i + 4 * RUN <= k; i += 4 * RUN) {
      float s0 = 0.0f;
      float s1 = 0.0f;
      float s2 = 0.0f;
      float s3 = 0.0f;
      for (int j = i; j < i + RUN; j++) {
        s0 = PortableMath.mad(x[at + j], w[j], s0);
        s1 = PortableMath.mad(x[at + j + RUN], w[j + RUN], s1);
        s2 = PortableMath.mad(x[at + j + 2 * RUN], w[j + 2 * RUN], s2);
        s3 = PortableMath.mad(x[at + j + 3 * RUN], w[j + 3 * RUN], s3);
      }
      total = total + s0;
      total = total + s1;
      total = total + s2;
      total = total + s3;
    }
    for (; i < k; i += RUN) {
      float s = 0.0f;
      for (int j = i; j < Math.min(k, i + RUN); j++) {
        s = PortableMath.mad(x[at + j], w[j], s);
      }
      total = total + s;
    }
    return total;
  }
}

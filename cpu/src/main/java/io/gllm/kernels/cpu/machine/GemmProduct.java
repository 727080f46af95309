package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Layout;
import io.gllm.kernels.cpu.PackedLayout;

/** What to multiply: C[m,n] = activation(A[m,k] B + bias), in addresses and codes. One for each kernel, set anew by each call. */
final class GemmProduct {
  private static final int F32 = DType.F32.index();
  private static final int BF16 = DType.BF16.index();

  private final boolean ordered;
  private long a;
  private int aType;
  private long b;
  private int bType;
  private boolean byRows;
  private boolean packed;
  private boolean pairs;
  private long c;
  private int cType;
  private long bias;
  private int activation;
  private long m;
  private long n;
  private long k;

  GemmProduct(boolean ordered) {
    this.ordered = ordered;
  }

  /** The matrices; {@code byRows} for weights [n][k]. */
  void matrices(Buffer a, Buffer b, Buffer c, boolean byRows, GemmCode code) {
    packed = b.layout() == Layout.PACKED;
    if (packed) {
      code.layout().require(b);
    }
    this.a = a.address();
    this.aType = a.type().index();
    this.b = b.address() + (packed ? PackedLayout.HEADER_BYTES : 0);
    this.bType = b.type().index();
    this.byRows = byRows;
    this.c = c.address();
    this.cType = c.type().index();
    this.pairs = code.multipliesPairs() && !ordered && aType == BF16 && bType == BF16;
  }

  /** What follows the sum; bias may be null. */
  void finish(Buffer bias, Activation activation) {
    this.bias = bias == null ? 0 : bias.address();
    this.activation = activation.ordinal();
  }

  void size(long m, long n, long k) {
    this.m = m;
    this.n = n;
    this.k = k;
  }

  /** Bytes of an element of a type. */
  static long bytes(int type) {
    return type == F32 ? Float.BYTES : Short.BYTES;
  }

  /** Whether something must be done with the sums at the end. */
  boolean finishes() {
    return cType != F32 || bias != 0 || activation != 0;
  }

  /** Whether the sums can lie in C. */
  boolean sumsInC() {
    return cType == F32;
  }

  /** Address of A[row][at]. */
  long a(long row, long at) {
    return a + (row * k + at) * bytes(aType);
  }

  /** Address of the weight of column {@code column} and depth {@code at}. */
  long b(long column, long at) {
    return b + (byRows ? column * k + at : at * n + column) * bytes(bType);
  }

  /** Address of packed weights from the panel of {@code column} and depth {@code at} on. */
  long packedB(long column, long at, long panelColumns) {
    return b + (column * k + at * panelColumns) * bytes(bType);
  }

  /** Address of C[row][column]. */
  long c(long row, long column) {
    return c + (row * n + column) * bytes(cType);
  }

  /** Address of bias[column], or 0. */
  long bias(long column) {
    return bias == 0 ? 0 : bias + column * Float.BYTES;
  }

  /** Work as {@link io.gllm.kernels.cpu.CpuContext#run} counts it: bytes of the weights, or the flops in their place if they take longer. */
  long work() {
    return NativeKernels.work(Math.max(n * k * bytes(bType), m * n * k / 3));
  }

  int aType() {
    return aType;
  }

  int bType() {
    return bType;
  }

  int cType() {
    return cType;
  }

  int activation() {
    return activation;
  }

  /** Whether the processor multiplies these types in pairs of k. Activations in f32 would lose more than the bound allows. */
  boolean pairs() {
    return pairs;
  }

  boolean ordered() {
    return ordered;
  }

  boolean byRows() {
    return byRows;
  }

  boolean packed() {
    return packed;
  }

  long m() {
    return m;
  }

  long n() {
    return n;
  }

  long k() {
    return k;
  }
}

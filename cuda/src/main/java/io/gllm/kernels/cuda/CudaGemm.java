package io.gllm.kernels.cuda;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/**
 * Products with 16-bit weights on tensor cores (mma_gemm.cu). Activations in f32 are multiplied as sums of numbers of the weights' type
 * (pieces.cu): rounded to one, they would exceed the error bound. Two of f16 are within 2^-22 of a number. Of bf16 two are within 2^-17,
 * which is a quarter of the bound from {@link #TWO_ARE_ENOUGH} on; below, there are three, within 2^-24.
 */
final class CudaGemm implements MatMul.Gemm, MatMul.GemmBias, MatMul.GemmBiasAct {
  private static final int UNUSED = 0;
  private static final int PIECES = 1;
  private static final int LOWER = 2;
  private static final long TWO_ARE_ENOUGH = 512;
  /** Rows that a group takes to pieces. */
  private static final int ROWS = 4;

  private final Launcher launcher;
  private final ElementType type;
  private final boolean columns;
  private final MatMul.GemmBiasAct next;
  private final TunedLaunch large;
  private final TunedLaunch small;
  private final TunedLaunch largeFloats;
  private final TunedLaunch smallFloats;
  private final TunedLaunch pieces;

  private CudaGemm(Launcher launcher, ElementType type, boolean columns, MatMul.GemmBiasAct next) {
    this.launcher = launcher;
    this.type = type;
    this.columns = columns;
    this.next = next;
    List<String> symbols = columns ? columnSymbols(type) : rowSymbols(type);
    large = new TunedLaunch(launcher, symbols.get(0));
    small = new TunedLaunch(launcher, symbols.get(1));
    largeFloats = new TunedLaunch(launcher, symbols.get(2));
    smallFloats = new TunedLaunch(launcher, symbols.get(3));
    pieces = new TunedLaunch(launcher, symbols.get(4));
  }

  /** With weights [n][k], which is also the packed order. */
  static MatMul.Gemm rows(Launcher launcher, ElementType type, MatMul.Gemm next) {
    return new CudaGemm(launcher, type, false, (a, b, _, _, c, m, n, k) -> next.run(a, b, c, m, n, k));
  }

  /** With weights [k][n]. */
  static MatMul.Gemm columns(Launcher launcher, ElementType type, MatMul.Gemm next) {
    return new CudaGemm(launcher, type, true, (a, b, _, _, c, m, n, k) -> next.run(a, b, c, m, n, k));
  }

  static MatMul.GemmBias bias(Launcher launcher, ElementType type, MatMul.GemmBias next) {
    return new CudaGemm(launcher, type, true, (a, b, bias, _, c, m, n, k) -> next.run(a, b, bias, c, m, n, k));
  }

  static MatMul.GemmBiasAct biasAct(Launcher launcher, ElementType type, MatMul.GemmBiasAct next) {
    return new CudaGemm(launcher, type, true, next);
  }

  static List<String> rowSymbols(ElementType type) {
    return symbols("mma_gemm_bt_", type);
  }

  static List<String> columnSymbols(ElementType type) {
    return symbols("mma_gemm_", type);
  }

  private static List<String> symbols(String stem, ElementType type) {
    String weights = type.label();
    return List.of(stem + weights, stem + "small_" + weights, stem + "f32_" + weights, stem + "small_f32_" + weights, "pieces_" + weights);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    run(a, b, null, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k) {
    run(a, b, bias, Activation.NONE, c, m, n, k);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer bias, Activation activation, Buffer c, long m, long n, long k) {
    boolean floats = a.type() == DType.F32;
    long count = type == DType.F16 || k >= TWO_ARE_ENOUGH ? 2 : 3;
    boolean isLarge = MmaTiles.isLarge(m, n) && !(floats && count == 3);
    TunedLaunch tuned = floats ? isLarge ? largeFloats : smallFloats : isLarge ? large : small;
    if (!fits(a, b, c, m, n, k) || floats && !pieces.isGood() || !tuned.isGood()) {
      next.run(a, b, bias, activation, c, m, n, k);
      return;
    }
    Launch launch = floats ? inPieces(tuned.launch(), a, m, k, count) : tuned.launch().buffer(a, m * k);
    launch.buffer(b, n * k);
    if (bias == null) {
      Buffer word = launcher.scratch(UNUSED, 4);
      launch.words(word.memory(), word.byteOffset(), 1);
    } else {
      launch.buffer(bias, n);
    }
    launch.buffer(c, m * n).value(m).value(n).value(k).value(n % 8 == 0 && (c.address() & 15) == 0 ? 1 : 0);
    launch.value(bias == null ? 0 : 1).value(activation.ordinal());
    if (floats) {
      launch.value(count);
    }
    launch.groups(MmaTiles.groups(isLarge, m, n));
  }

  /** Whether every row of both begins and ends at whole 16 bytes, and pairs of f32 at whole 8. */
  private boolean fits(Buffer a, Buffer b, Buffer c, long m, long n, long k) {
    boolean begin = (a.address() & (a.type() == DType.F32 ? 7 : 15)) == 0 && (b.address() & 15) == 0;
    boolean wholeRows = begin && k % 8 == 0 && (!columns || n % 8 == 0);
    return MmaTiles.areIn(m, n, k) && wholeRows && (c.address() & 3) == 0;
  }

  /** Takes activations to pieces, and binds what the product reads of them. */
  private Launch inPieces(Launch product, Buffer a, long m, long k, long count) {
    Buffer all = launcher.scratch(PIECES, count * m * k * 2);
    Buffer lower = launcher.scratch(LOWER, m * 4);
    Launch launch = pieces.launch().buffer(a, m * k).words(all.memory(), all.byteOffset(), count * m * k / 2);
    launch.words(lower.memory(), lower.byteOffset(), m).value(m).value(k).value(count).groups((m + ROWS - 1) / ROWS);
    product.buffer(a, m * k).words(lower.memory(), lower.byteOffset(), m);
    return product.words(all.memory(), all.byteOffset(), count * m * k / 2);
  }
}

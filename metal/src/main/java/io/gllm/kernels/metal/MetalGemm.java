package io.gllm.kernels.metal;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/** Products of plain matrices by matrices of SIMD groups (simd_gemm.gk). */
final class MetalGemm {
  /** Below, a product is bound by the reading of the weights, which the portable gemv reads in rows. */
  static final int LEAST_ROWS = 9;
  /** Rows and columns of a group. */
  static final int ROWS = 32;
  static final int COLUMNS = 64;
  /** Elements of an operand: their bytes fit 32 bits. */
  static final long MOST = 1L << 30;

  private static final int UNUSED = 0;
  private static final int NO_EPILOGUE = 0;
  private static final int BIAS = 1; // and the number of an activation, none being 0

  private final Launcher launcher;
  private final boolean columns;
  private final TunedLaunch same;
  private final TunedLaunch floats;
  private final ElementType type;

  private MetalGemm(Launcher launcher, ElementType type, boolean columns) {
    List<String> symbols = symbols(columns ? "simd_gemm_" : "simd_gemm_bt_", type);
    this.launcher = launcher;
    this.type = type;
    this.columns = columns;
    same = new TunedLaunch(launcher, symbols.getFirst());
    floats = symbols.size() == 1 ? same : new TunedLaunch(launcher, symbols.getLast());
  }

  /** With weights [n][k], which is also the packed order. */
  static MatMul.Gemm rows(Launcher launcher, ElementType type, MatMul.Gemm next) {
    return gemm(new MetalGemm(launcher, type, false), next);
  }

  /** With weights [k][n]. */
  static MatMul.Gemm columns(Launcher launcher, ElementType type, MatMul.Gemm next) {
    return gemm(new MetalGemm(launcher, type, true), next);
  }

  private static MatMul.Gemm gemm(MetalGemm tuned, MatMul.Gemm next) {
    return (a, b, c, m, n, k) -> {
      if (!tuned.run(a, b, null, NO_EPILOGUE, c, m, n, k)) {
        next.run(a, b, c, m, n, k);
      }
    };
  }

  static MatMul.GemmBias biased(Launcher launcher, ElementType type, MatMul.GemmBias next) {
    MetalGemm tuned = new MetalGemm(launcher, type, true);
    return (a, b, bias, c, m, n, k) -> {
      if (!tuned.run(a, b, bias, BIAS, c, m, n, k)) {
        next.run(a, b, bias, c, m, n, k);
      }
    };
  }

  static MatMul.GemmBiasAct activated(Launcher launcher, ElementType type, MatMul.GemmBiasAct next) {
    MetalGemm tuned = new MetalGemm(launcher, type, true);
    return (a, b, bias, activation, c, m, n, k) -> {
      if (!tuned.run(a, b, bias, BIAS + activation.ordinal(), c, m, n, k)) {
        next.run(a, b, bias, activation, c, m, n, k);
      }
    };
  }

  static List<String> rowSymbols(ElementType type) {
    return symbols("simd_gemm_bt_", type);
  }

  static List<String> columnSymbols(ElementType type) {
    return symbols("simd_gemm_", type);
  }

  private static List<String> symbols(String prefix, ElementType type) {
    return MetalTable.activations(type).stream().map(activations -> prefix + activations.label() + "_" + type.label()).toList();
  }

  private boolean run(Buffer a, Buffer b, Buffer bias, int epilogue, Buffer c, long m, long n, long k) {
    TunedLaunch tuned = a.type() == type ? same : floats;
    if (!fits(a, b, bias, c, m, n, k) || !tuned.isGood()) {
      return false;
    }
    Launch launch = tuned.launch().buffer(a, m * k).buffer(b, n * k);
    if (columns && bias != null) {
      launch.buffer(bias, n);
    } else if (columns) {
      Buffer word = launcher.scratch(UNUSED, 4);
      launch.words(word.memory(), word.byteOffset(), 1);
    }
    launch.buffer(c, m * n).value(m).value(n).value(k).value(0);
    launch.value(wide(a, k)).value(wide(b, columns ? n : k));
    if (columns) {
      launch.value(epilogue);
    }
    launch.groups(groups(m, n));
    return true;
  }

  private static boolean fits(Buffer a, Buffer b, Buffer bias, Buffer c, long m, long n, long k) {
    boolean inRange = m >= LEAST_ROWS && n >= 1 && k >= 1 && m <= MOST / k && n <= MOST / k && m <= MOST / n;
    boolean wholeWords = TunedLaunch.begins(a, 4) && TunedLaunch.begins(b, 4) && TunedLaunch.begins(c, 4);
    return inRange && wholeWords && (bias == null || TunedLaunch.begins(bias, 4));
  }

  /** Whether rows may be read 16 bytes at a time, eight numbers or none. */
  private static int wide(Buffer buffer, long row) {
    return TunedLaunch.begins(buffer, 16) && row % 8 == 0 ? 1 : 0;
  }

  static long groups(long m, long n) {
    return (m + ROWS - 1) / ROWS * ((n + COLUMNS - 1) / COLUMNS);
  }
}

package io.gllm.kernels.metal;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/** Products of few rows with weights in blocks by sums of SIMD groups (simd_gemv.gk). */
final class MetalQuantGemv implements QuantMatMul.Kernel {
  /** Above, the weights are better read by tiles of many rows. */
  static final int MOST_ROWS = 8;
  /** Rows of weights of a group: four for each of its two SIMD groups. */
  private static final int GROUP_ROWS = 8;

  private final QuantMatMul.Kernel next;
  private final QuantActivations activations;
  private final TunedLaunch oneRow;
  private final TunedLaunch rows;
  private final QuantFormat format;

  MetalQuantGemv(Launcher launcher, ElementType type, QuantMatMul.Kernel next) {
    this.next = next;
    format = (QuantFormat) type;
    activations = new QuantActivations(launcher, type);
    oneRow = new TunedLaunch(launcher, symbols(type).getFirst());
    rows = new TunedLaunch(launcher, symbols(type).getLast());
  }

  /** For one row, and for several. */
  static List<String> symbols(ElementType type) {
    return List.of("simd_gemv_" + type.label(), "simd_gemv_rows_" + type.label());
  }

  @Override
  public void run(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    TunedLaunch tuned = m == 1 ? oneRow : rows;
    if (fits(w, x, y, m, n, k) && tuned.isGood()) {
      run(tuned.launch(), w, activations.floats(x, m * k), y, m, n, k);
    } else {
      next.run(w, x, y, m, n, k);
    }
  }

  private boolean fits(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    boolean inRange = m >= 1 && m <= MOST_ROWS && n >= 1 && k >= 1 && m <= MetalGemm.MOST / k && n <= MetalGemm.MOST / k;
    boolean blocks = TunedLaunch.begins(w, format == QuantFormat.Q4_K ? 16 : 2); // which is how they are read
    return inRange && blocks && (x.type() != DType.F32 || TunedLaunch.begins(x, 16)) && TunedLaunch.begins(y, 4);
  }

  private static void run(Launch launch, Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    int late = TunedLaunch.bytes(launch, w, w.type().bytesFor(n * k));
    launch.words(x.memory(), x.byteOffset(), m * k);
    launch.buffer(y, m * n).value(m).value(n).value(k).value(late).groups((n + GROUP_ROWS - 1) / GROUP_ROWS);
  }
}

package io.gllm.kernels.metal;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/** Products of many rows with weights in blocks, which are decoded into tiles, by matrices of SIMD groups (simd_gemm.gk). */
final class MetalQuantGemm implements QuantMatMul.Kernel {
  private final QuantMatMul.Kernel next;
  private final QuantActivations activations;
  private final TunedLaunch tuned;

  MetalQuantGemm(Launcher launcher, ElementType type, QuantMatMul.Kernel next) {
    this.next = next;
    activations = new QuantActivations(launcher, type);
    tuned = new TunedLaunch(launcher, symbols(type).getFirst());
  }

  static List<String> symbols(ElementType type) {
    return List.of("simd_gemm_bt_" + type.label());
  }

  @Override
  public void run(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    if (fits(x, y, m, n, k) && tuned.isGood()) {
      run(tuned.launch(), w, activations.floats(x, m * k), y, m, n, k);
    } else {
      next.run(w, x, y, m, n, k);
    }
  }

  private static boolean fits(Buffer x, Buffer y, long m, long n, long k) {
    boolean inRange = m >= MetalGemm.LEAST_ROWS && n >= 1 && k >= 1 && m <= MetalGemm.MOST / k && n <= MetalGemm.MOST / k
        && m <= MetalGemm.MOST / n;
    return inRange && (x.type() != DType.F32 || TunedLaunch.begins(x, 4)) && TunedLaunch.begins(y, 4);
  }

  private static void run(Launch launch, Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    int wide = TunedLaunch.begins(x, 16) ? 1 : 0; // rows are whole blocks
    launch.words(x.memory(), x.byteOffset(), m * k);
    int late = TunedLaunch.bytes(launch, w, w.type().bytesFor(n * k));
    launch.buffer(y, m * n).value(m).value(n).value(k).value(late).value(wide).value(0).groups(MetalGemm.groups(m, n));
  }
}

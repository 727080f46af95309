package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.LayerNorm;

/** Layer normalisation of rows, a group for each (layer_norm.gk). */
final class PortableLayerNorm implements LayerNorm.Kernel {
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;

  PortableLayerNorm(Launcher launcher, ElementType type) {
    same = launcher.prepare("layer_norm_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare("layer_norm_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer x, Buffer gamma, Buffer beta, Buffer out, long rows, long cols, float eps) {
    if (Wide.needed(x, cols) || Wide.splitsWord(gamma) || Wide.splitsWord(beta) || Wide.splitsWord(out)) {
      Buffer values = wide.widen(0, x, rows * cols);
      launch(f32, values, wide.widen(1, gamma, cols), wide.widen(2, beta, cols), values, rows, cols, eps);
      wide.narrow(values, out, rows * cols);
    } else {
      launch(same, x, gamma, beta, out, rows, cols, eps);
    }
  }

  private void launch(Launch launch, Buffer x, Buffer gamma, Buffer beta, Buffer out, long rows, long cols, float eps) {
    long step = windows.rows(cols * x.type().blockBytes());
    for (long from = 0; from < rows && cols > 0; from += step) {
      long count = Math.min(step, rows - from);
      launch.part(x, from * cols, count * cols).buffer(gamma, cols).buffer(beta, cols).part(out, from * cols, count * cols);
      launch.value(count).value(cols).value(eps).groups(count);
    }
  }
}

package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.RmsNorm;

/** Root-mean-square normalisation of rows, a group for each (rms_norm.gk). */
final class PortableRmsNorm implements RmsNorm.Kernel {
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;

  PortableRmsNorm(Launcher launcher, ElementType type) {
    same = launcher.prepare("rms_norm_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare("rms_norm_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer x, Buffer weight, Buffer out, long rows, long cols, float eps) {
    if (Wide.needed(x, cols) || Wide.splitsWord(weight) || Wide.splitsWord(out)) {
      Buffer values = wide.widen(0, x, rows * cols);
      launch(f32, values, wide.widen(1, weight, cols), values, rows, cols, eps);
      wide.narrow(values, out, rows * cols);
    } else {
      launch(same, x, weight, out, rows, cols, eps);
    }
  }

  private void launch(Launch launch, Buffer x, Buffer weight, Buffer out, long rows, long cols, float eps) {
    long step = windows.rows(cols * x.type().blockBytes());
    for (long from = 0; from < rows && cols > 0; from += step) {
      long count = Math.min(step, rows - from);
      launch.part(x, from * cols, count * cols).buffer(weight, cols).part(out, from * cols, count * cols);
      launch.value(count).value(cols).value(eps).groups(count);
    }
  }
}

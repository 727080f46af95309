package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.RmsNorm;

/** A sum of rows and its root-mean-square normalisation in one pass (rms_norm.gk). */
final class PortableRmsNormResidual implements RmsNorm.Residual {
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;

  PortableRmsNormResidual(Launcher launcher, ElementType type) {
    same = launcher.prepare("rms_norm_residual_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare("rms_norm_residual_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer x, Buffer residual, Buffer weight, Buffer sum, Buffer out, long rows, long cols, float eps) {
    boolean splits = Wide.splitsWord(residual) || Wide.splitsWord(weight) || Wide.splitsWord(sum) || Wide.splitsWord(out);
    if (Wide.needed(x, cols) || splits) {
      long n = rows * cols;
      Buffer sums = wide.widen(0, x, n);
      Buffer norms = wide.widen(1, residual, n);
      launch(f32, sums, norms, wide.widen(2, weight, cols), sums, norms, rows, cols, eps);
      wide.narrow(sums, sum, n);
      wide.narrow(norms, out, n);
    } else {
      launch(same, x, residual, weight, sum, out, rows, cols, eps);
    }
  }

  private void launch(Launch launch, Buffer x, Buffer residual, Buffer weight, Buffer sum, Buffer out, long rows, long cols, float eps) {
    long step = windows.rows(cols * x.type().blockBytes());
    for (long from = 0; from < rows && cols > 0; from += step) {
      long count = Math.min(step, rows - from);
      launch.part(x, from * cols, count * cols).part(residual, from * cols, count * cols).buffer(weight, cols);
      launch.part(sum, from * cols, count * cols).part(out, from * cols, count * cols);
      launch.value(count).value(cols).value(eps).groups(count);
    }
  }
}

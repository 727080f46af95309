package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.api.op.VecScale;

/** Products with a number (vec_scale.gk): vec_scale in place, and temperature with the factor 1 / t. */
final class PortableVecScale implements VecScale.Kernel, Sampling.Temperature {
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;

  PortableVecScale(Launcher launcher, ElementType type) {
    same = launcher.prepare("vec_scale_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare("vec_scale_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer x, float s, long n) {
    if (Wide.splitsWord(x)) {
      Buffer values = wide.widen(0, x, n);
      launch(f32, values, values, n, s);
      wide.narrow(values, x, n);
    } else {
      launch(same, x, x, n, s);
    }
  }

  @Override
  public void run(Buffer x, Buffer out, long n, float t) {
    launch(same, x, out, n, 1.0f / t);
  }

  private void launch(Launch launch, Buffer x, Buffer out, long n, float s) {
    int bytes = x.type().blockBytes();
    long step = windows.elements(bytes);
    for (long from = 0; from < n; from += step) {
      long count = Math.min(step, n - from);
      launch.part(x, from, count).part(out, from, count).value(count).value(s).groups(Windows.groups(count, bytes));
    }
  }
}

package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.VecAxpy;

/** {@code y + a * x} in place (vec_axpy.gk). */
final class PortableVecAxpy implements VecAxpy.Kernel {
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;

  PortableVecAxpy(Launcher launcher, ElementType type) {
    same = launcher.prepare("vec_axpy_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare("vec_axpy_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer y, float a, Buffer x, long n) {
    if (Wide.splitsWord(y) || Wide.splitsWord(x)) {
      Buffer values = wide.widen(0, y, n);
      launch(f32, values, a, wide.widen(1, x, n), n);
      wide.narrow(values, y, n);
    } else {
      launch(same, y, a, x, n);
    }
  }

  private void launch(Launch launch, Buffer y, float a, Buffer x, long n) {
    int bytes = y.type().blockBytes();
    long step = windows.elements(bytes);
    for (long from = 0; from < n; from += step) {
      long count = Math.min(step, n - from);
      launch.part(y, from, count).part(x, from, count).value(count).value(a).groups(Windows.groups(count, bytes));
    }
  }
}

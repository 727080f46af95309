package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.UnaryOp;

/** Elementwise functions of one operand (unary.gk). */
final class PortableUnary implements UnaryOp.Kernel {
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;

  PortableUnary(Launcher launcher, Op<?> op, ElementType type) {
    same = launcher.prepare(op.name() + "_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare(op.name() + "_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    if (Wide.splitsWord(x) || Wide.splitsWord(out)) {
      Buffer values = wide.widen(0, x, n);
      launch(f32, values, values, n);
      wide.narrow(values, out, n);
    } else {
      launch(same, x, out, n);
    }
  }

  private void launch(Launch launch, Buffer x, Buffer out, long n) {
    int bytes = x.type().blockBytes();
    long step = windows.elements(bytes);
    for (long from = 0; from < n; from += step) {
      long count = Math.min(step, n - from);
      launch.part(x, from, count).part(out, from, count).value(count).groups(Windows.groups(count, bytes));
    }
  }
}

package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Op;

/** Elementwise functions of two operands (binary.gk). */
final class PortableBinary implements BinaryOp.Kernel {
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;

  PortableBinary(Launcher launcher, Op<?> op, ElementType type) {
    same = launcher.prepare(op.name() + "_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare(op.name() + "_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer out, long n) {
    if (Wide.splitsWord(a) || Wide.splitsWord(b) || Wide.splitsWord(out)) {
      Buffer values = wide.widen(0, a, n);
      launch(f32, values, wide.widen(1, b, n), values, n);
      wide.narrow(values, out, n);
    } else {
      launch(same, a, b, out, n);
    }
  }

  private void launch(Launch launch, Buffer a, Buffer b, Buffer out, long n) {
    int bytes = a.type().blockBytes();
    long step = windows.elements(bytes);
    for (long from = 0; from < n; from += step) {
      long count = Math.min(step, n - from);
      launch.part(a, from, count).part(b, from, count).part(out, from, count).value(count).groups(Windows.groups(count, bytes));
    }
  }
}

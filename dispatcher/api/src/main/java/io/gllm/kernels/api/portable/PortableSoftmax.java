package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Softmax;

/** Softmax of rows, a group for each (softmax.gk). */
final class PortableSoftmax implements Softmax.Kernel {
  private final Windows windows;
  private final Wide wide;
  private final Launch plain;
  private final Launch masked;
  private final Launch plainF32;
  private final Launch maskedF32;

  PortableSoftmax(Launcher launcher, ElementType type) {
    plain = launcher.prepare("softmax_" + type.label());
    masked = launcher.prepare("softmax_masked_" + type.label());
    plainF32 = type == DType.F32 ? plain : launcher.prepare("softmax_f32");
    maskedF32 = type == DType.F32 ? masked : launcher.prepare("softmax_masked_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer x, Buffer mask, Buffer out, long rows, long cols, float scale) {
    if (Wide.needed(x, cols) || Wide.splitsWord(out)) {
      Buffer values = wide.widen(0, x, rows * cols);
      launch(mask == null ? plainF32 : maskedF32, values, mask, values, rows, cols, scale);
      wide.narrow(values, out, rows * cols);
    } else {
      launch(mask == null ? plain : masked, x, mask, out, rows, cols, scale);
    }
  }

  private void launch(Launch launch, Buffer x, Buffer mask, Buffer out, long rows, long cols, float scale) {
    int bytes = mask == null ? x.type().blockBytes() : 4;
    long step = windows.rows(cols * bytes);
    for (long from = 0; from < rows && cols > 0; from += step) {
      long count = Math.min(step, rows - from);
      launch.part(x, from * cols, count * cols);
      if (mask != null) {
        launch.part(mask, from * cols, count * cols);
      }
      launch.part(out, from * cols, count * cols).value(count).value(cols).value(scale).groups(count);
    }
  }
}

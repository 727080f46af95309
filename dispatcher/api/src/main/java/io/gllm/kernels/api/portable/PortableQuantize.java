package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Quantize;

/** f32 to the activation formats (quantize_q8_0.gk, quantize_q8_k.gk). */
final class PortableQuantize implements Quantize.Kernel {
  /** Words of the output that a group of the Q8_0 kernel owns: 64 blocks. */
  private static final int GROUP_WORDS = 64 * 34 / 4;

  private final ElementType format;
  private final Windows windows;
  private final Launch launch;

  PortableQuantize(Launcher launcher, ElementType format) {
    this.format = format;
    windows = new Windows(launcher);
    launch = launcher.prepare("quantize_" + format.label());
  }

  @Override
  public void run(Buffer x, Buffer blocks, long n) {
    long step = windows.elements(4);
    for (long i = 0; i < n; i += step) {
      long count = Math.min(step, n - i);
      long from = format.bytesFor(i);
      launch.part(x, i, count);
      Unaligned.bind(launch, blocks, from, format.bytesFor(count));
      launch.value(count / format.blockElements());
      if (format == QuantFormat.Q8_0) {
        int late = Unaligned.late(blocks, from);
        launch.value(late / 2).groups((format.bytesFor(count) + late + 4 * GROUP_WORDS - 1) / (4 * GROUP_WORDS));
      } else {
        launch.groups(count / format.blockElements());
      }
    }
  }
}

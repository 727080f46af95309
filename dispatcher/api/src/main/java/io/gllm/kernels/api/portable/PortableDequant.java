package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Dequant;

/** Blocks to f32 (dequant.gk). */
final class PortableDequant implements Dequant.Kernel {
  private static final int GROUP_ELEMENTS = 64 * 16;

  private final ElementType format;
  private final Windows windows;
  private final Launch launch;
  private final DeviceTable table;

  PortableDequant(Launcher launcher, ElementType format) {
    this.format = format;
    windows = new Windows(launcher);
    launch = launcher.prepare("dequant_" + format.label());
    table = new DeviceTable(launcher, format);
  }

  @Override
  public void run(Buffer blocks, Buffer out, long n) {
    table.load();
    long step = windows.elements(4);
    for (long i = 0; i < n; i += step) {
      long count = Math.min(step, n - i);
      long from = format.bytesFor(i);
      Unaligned.bind(launch, blocks, from, format.bytesFor(count));
      table.bind(launch);
      launch.words(out.memory(), out.byteOffset() + 4 * i, count);
      launch.value(count).value(Unaligned.late(blocks, from));
      launch.groups((count + GROUP_ELEMENTS - 1) / GROUP_ELEMENTS);
    }
  }
}

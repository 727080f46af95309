package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;

/** Rotary embedding of consecutive positions (rope.gk). */
final class PortableRope implements Rope.Kernel {
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;

  PortableRope(Launcher launcher, ElementType type) {
    same = launcher.prepare("rope_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare("rope_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  /** Whether a pair of neighbouring elements lies in two words: threads own whole words. */
  static boolean splitsPairs(Buffer x, RopeShape shape) {
    return Wide.needed(x, shape.headDim()) || Wide.needed(x, shape.rotaryDim() / 2);
  }

  /** Sets the parameters that describe {@code count} tokens. */
  static Launch shape(Launch launch, long count, RopeShape shape) {
    return launch.value(count).value(shape.heads()).value(shape.headDim()).value(shape.rotaryDim() / 2)
        .value(shape.layout() == RopeLayout.SPLIT_HALF ? 1 : 0);
  }

  /** Threads' units of work of {@code count} tokens: a pair of f32 elements, or two pairs of 16 bits. */
  static long units(Buffer x, long count, RopeShape shape) {
    return count * shape.heads() * (shape.rotaryDim() * x.type().blockBytes() / 8);
  }

  @Override
  public void run(Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape, long offset) {
    if (splitsPairs(x, shape)) {
      long n = tokens * shape.heads() * shape.headDim();
      Buffer values = wide.widen(0, x, n);
      launch(f32, values, cosines, sines, tokens, shape, offset);
      wide.narrow(values, x, n);
    } else {
      launch(same, x, cosines, sines, tokens, shape, offset);
    }
  }

  private void launch(Launch launch, Buffer x, Buffer cosines, Buffer sines, long tokens, RopeShape shape, long offset) {
    long row = (long) shape.heads() * shape.headDim();
    long pairs = shape.rotaryDim() / 2;
    long step = Math.min(windows.rows(row * x.type().blockBytes()), windows.rows(pairs * 4));
    for (long from = 0; from < tokens && pairs > 0; from += step) {
      long count = Math.min(step, tokens - from);
      launch.part(x, from * row, count * row);
      launch.part(cosines, (offset + from) * pairs, count * pairs).part(sines, (offset + from) * pairs, count * pairs);
      shape(launch, count, shape).groups(Windows.groups(units(x, count, shape), 4));
    }
  }
}

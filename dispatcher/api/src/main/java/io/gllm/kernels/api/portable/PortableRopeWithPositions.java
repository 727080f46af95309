package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;

/** Rotary embedding of given positions (rope.gk). */
final class PortableRopeWithPositions implements Rope.WithPositions {
  /** Units of work for each thread of the kernel. */
  private static final int UNITS = 4;
  private static final int GROUP = 256;

  private final Launcher launcher;
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;

  PortableRopeWithPositions(Launcher launcher, ElementType type) {
    this.launcher = launcher;
    same = launcher.prepare("rope_with_positions_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare("rope_with_positions_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer x, Buffer positions, Buffer cosines, Buffer sines, long tokens, RopeShape shape) {
    if (PortableRope.splitsPairs(x, shape)) {
      long n = tokens * shape.heads() * shape.headDim();
      Buffer values = wide.widen(0, x, n);
      launch(f32, values, positions, cosines, sines, tokens, shape);
      wide.narrow(values, x, n);
    } else {
      launch(same, x, positions, cosines, sines, tokens, shape);
    }
  }

  /** Each launch looks at the positions of all tokens, so that a wrong one keeps all windows unchanged. */
  private void launch(Launch launch, Buffer x, Buffer positions, Buffer cosines, Buffer sines, long tokens, RopeShape shape) {
    long row = (long) shape.heads() * shape.headDim();
    long pairs = shape.rotaryDim() / 2;
    long known = pairs == 0 ? Integer.MAX_VALUE : Math.min(Math.min(cosines.length(), sines.length()) / pairs, Integer.MAX_VALUE);
    windows.whole("a table", known * pairs * 4);
    windows.whole("the list of positions", tokens * 4);
    long step = windows.rows(row * x.type().blockBytes());
    for (long from = 0; from < tokens; from += step) {
      long count = Math.min(step, tokens - from);
      launch.part(x, from * row, count * row).buffer(positions, tokens).buffer(cosines, known * pairs).buffer(sines, known * pairs)
          .buffer(launcher.faults());
      PortableRope.shape(launch, count, shape).value(from).value(tokens).value(known);
      long groups = (PortableRope.units(x, count, shape) + UNITS * GROUP - 1) / (UNITS * GROUP);
      launch.groups(Math.max(1, groups)); // positions are checked even if nothing is rotated
    }
  }
}

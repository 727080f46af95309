package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.VecDot;

/**
 * Sums and maxima of a vector (reduce.gk): a group for each segment of 16384 elements, then one group over the results of the
 * segments.
 */
final class PortableReduce implements ReduceOp.Kernel, VecDot.Kernel {
  private static final long SEGMENT = 16384;
  private static final int PARTIAL = 2;

  private final Launcher launcher;
  private final Windows windows;
  private final Wide wide;
  private final Launch same;
  private final Launch f32;
  private final Launch combine;

  PortableReduce(Launcher launcher, Op<?> op, ElementType type) {
    this.launcher = launcher;
    same = launcher.prepare(op.name() + "_" + type.label());
    f32 = type == DType.F32 ? same : launcher.prepare(op.name() + "_f32");
    combine = launcher.prepare(op == ReduceOp.MAX ? "vec_max_f32" : "vec_sum_f32");
    wide = new Wide(launcher, type);
    windows = new Windows(launcher);
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    if (Wide.splitsWord(x)) {
      reduce(f32, wide.widen(0, x, n), null, out, n);
    } else {
      reduce(same, x, null, out, n);
    }
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer out, long n) {
    if (Wide.splitsWord(a) || Wide.splitsWord(b)) {
      reduce(f32, wide.widen(0, a, n), wide.widen(1, b, n), out, n);
    } else {
      reduce(same, a, b, out, n);
    }
  }

  private void reduce(Launch launch, Buffer a, Buffer b, Buffer out, long n) {
    if (n <= SEGMENT) { // one result, which a second launch would not change; it is written for n = 0 too
      operands(launch, a, b, 0, n).buffer(out, 1).value(n).value(SEGMENT).groups(1);
      return;
    }
    long segments = segments(n);
    Buffer partial = launcher.scratch(PARTIAL, segments * 4);
    long step = windows.elements(a.type().blockBytes());
    for (long from = 0; from < n; from += step) {
      long count = Math.min(step, n - from);
      long results = segments(count);
      operands(launch, a, b, from, count).words(partial.memory(), partial.byteOffset() + from / SEGMENT * 4, results)
          .value(count).value(SEGMENT).groups(results);
    }
    combine.words(partial.memory(), partial.byteOffset(), segments).buffer(out, 1).value(segments).value(segments).groups(1);
  }

  private static Launch operands(Launch launch, Buffer a, Buffer b, long from, long count) {
    launch.part(a, from, count);
    return b == null ? launch : launch.part(b, from, count);
  }

  private static long segments(long n) {
    return (n + SEGMENT - 1) / SEGMENT;
  }
}

package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Cast;

/** Conversion between floating-point types; also operands of 16 bits that start in the middle of a word. */
final class PortableCast implements Cast.Kernel {
  private static final int GROUP = 256;

  private final Windows windows;
  private final Launch[] to = new Launch[3];

  PortableCast(Launcher launcher, ElementType from) {
    windows = new Windows(launcher);
    for (DType type : new DType[]{DType.F32, DType.F16, DType.BF16}) {
      to[type.ordinal()] = launcher.prepare("cast_" + from.label() + "_" + type.label());
    }
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    Launch launch = to[out.type().index()];
    long xOdd = half(x);
    long outOdd = half(out);
    long step = windows.elements(4);
    for (long from = 0; from < n; from += step) {
      long count = Math.min(step, n - from);
      part(launch, x, xOdd, from, count);
      part(launch, out, outOdd, from, count);
      launch.value(count).value(xOdd).value(outOdd);
      long perThread = out.type() == DType.F32 ? 1 : 2;
      launch.groups((count + outOdd + perThread * GROUP - 1) / (perThread * GROUP));
    }
  }

  /** 1 if the buffer starts in the middle of a word. */
  private static long half(Buffer buffer) {
    return buffer.byteOffset() / 2 & (buffer.type() == DType.F32 ? 0 : 1);
  }

  private static void part(Launch launch, Buffer buffer, long odd, long from, long count) {
    int bytes = buffer.type().blockBytes();
    launch.words(buffer.memory(), buffer.byteOffset() + (from - odd) * bytes, ((count + odd) * bytes + 3) / 4);
  }
}

package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.api.op.VecScale;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** A vector and a number: vec_scale in place, temperature with 1 / t, and vec_axpy. */
final class NativeScale implements VecScale.Kernel, Sampling.Temperature, VecAxpy.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final MemorySegment code;
  private final long size;
  private Buffer x;
  private Buffer out;
  private float s;
  private long n;

  private NativeScale(MemorySegment code, CpuContext context, ElementType type) {
    this.context = context;
    this.code = code;
    this.size = type.blockBytes();
  }

  static NativeScale scale(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeScale(kernels.entry("scale", type, "pplf>v"), context, type);
  }

  static NativeScale temperature(NativeKernels kernels, CpuContext context) {
    return scale(kernels, context, DType.F32);
  }

  static NativeScale axpy(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeScale(kernels.entry("axpy", type, "pplf>v"), context, type);
  }

  @Override
  public void run(Buffer x, float s, long n) {
    start(x, x, n, s);
  }

  @Override
  public void run(Buffer x, Buffer out, long n, float t) {
    start(x, out, n, 1.0f / t);
  }

  @Override
  public void run(Buffer y, float a, Buffer x, long n) {
    start(x, y, n, a);
  }

  private void start(Buffer from, Buffer to, long count, float factor) {
    x = from;
    out = to;
    n = count;
    s = factor;
    context.run(this, NativeKernels.work(2 * n * size));
  }

  @Override
  public void run(int part, int parts) {
    long from = NativeKernels.start(n, part, parts);
    long count = NativeKernels.start(n, part + 1, parts) - from;
    boolean brief = 2 * count * size <= NativeCall.BRIEF_BYTES;
    NativeCall.run(code, brief, x.address() + from * size, out.address() + from * size, count, s);
  }
}

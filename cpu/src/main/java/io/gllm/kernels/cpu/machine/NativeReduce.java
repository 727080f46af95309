package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.ReduceOp;
import io.gllm.kernels.api.op.VecDot;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * vec_dot, vec_sum, vec_sum_squares and vec_max. Segments of 16384 elements are reduced one by one, and then their results, so that
 * the result does not depend on the number of threads.
 */
final class NativeReduce implements ReduceOp.Kernel, VecDot.Kernel, ThreadTeam.Task {
  private static final long SEGMENT = 16384;

  private final CpuContext context;
  private final boolean dot;
  private final MemorySegment code;
  private final MemorySegment combine;
  private final long size;
  private Buffer a;
  private Buffer b;
  private MemorySegment partial;
  private long n;

  private NativeReduce(CpuContext context, boolean dot, MemorySegment code, MemorySegment combine, ElementType type) {
    this.context = context;
    this.dot = dot;
    this.code = code;
    this.combine = combine;
    this.size = type.blockBytes();
  }

  static NativeReduce dot(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeReduce(context, true, kernels.entry("dot", type, "ppl>f"), kernels.entry("sum", DType.F32, "pl>f"), type);
  }

  /** A reduction of one operand; its results are combined by {@code combine} in f32. */
  static NativeReduce of(NativeKernels kernels, String stem, String combine, CpuContext context, ElementType type) {
    return new NativeReduce(context, false, kernels.entry(stem, type, "pl>f"), kernels.entry(combine, DType.F32, "pl>f"), type);
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    run(x, x, out, n);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer out, long n) {
    this.a = a;
    this.b = b;
    this.n = n;
    float result;
    if (n <= SEGMENT) {
      result = reduce(0, n);
    } else {
      long segments = (n + SEGMENT - 1) / SEGMENT;
      partial = context.scratch().require(segments * 4);
      context.run(this, NativeKernels.work((dot ? 2 : 1) * n * size));
      result = NativeCall.number(combine, segments * 4 <= NativeCall.BRIEF_BYTES, partial.address(), segments);
    }
    out.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 0, result);
  }

  @Override
  public void run(int part, int parts) {
    long segments = (n + SEGMENT - 1) / SEGMENT;
    long end = CpuContext.start(segments, part + 1, parts);
    for (long s = CpuContext.start(segments, part, parts); s < end; s++) {
      partial.setAtIndex(ValueLayout.JAVA_FLOAT, s, reduce(s * SEGMENT, Math.min(SEGMENT, n - s * SEGMENT)));
    }
  }

  private float reduce(long from, long count) {
    long x = a.address() + from * size;
    return dot ? NativeCall.number(code, true, x, b.address() + from * size, count) : NativeCall.number(code, true, x, count);
  }
}

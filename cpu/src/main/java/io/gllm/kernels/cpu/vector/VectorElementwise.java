package io.gllm.kernels.cpu.vector;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.api.op.VecScale;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/**
 * Every elementwise operator of one or two operands. Arithmetic is a loop over whole vectors of f32, on the operands themselves where
 * they are f32. Other types, functions that take several passes, and what is left behind the last whole vector go through blocks
 * that are widened into scratch memory and stay in the first-level cache, so that loops have no tails.
 */
final class VectorElementwise
    implements
      UnaryOp.Kernel,
      BinaryOp.Kernel,
      VecScale.Kernel,
      VecAxpy.Kernel,
      Sampling.Temperature,
      ThreadTeam.Task {
  /** A loop over n floats; s is the factor of vec_scale and vec_axpy. */
  interface Loop {
    void run(MemorySegment a, long aAt, MemorySegment b, long bAt, MemorySegment out, long outAt, float s, int n);
  }

  /** Passes over n floats at {@code x}, which the result replaces; a second operand at {@code y}; free rows from {@code work} on. */
  interface Passes {
    void run(MemorySegment s, long x, long y, long work, int n);
  }

  /** Elements of a block: six rows of 4 KB. Threads share the work in whole blocks. */
  static final int BLOCK = 1024;
  /** Bytes of a row of a block. */
  static final long ROW = 4L * BLOCK;
  private static final int ROWS = 6;
  /** Elements of one loop on f32 operands, which bounds its index to an int. */
  private static final int LONGEST_LOOP = 1 << 24;

  private final CpuContext context;
  private final ElementType type;
  private final Loop loop;
  private final Passes passes;
  private MemorySegment scratch;
  private MemorySegment a;
  private MemorySegment b;
  private MemorySegment out;
  private float s;
  private long n;

  private VectorElementwise(CpuContext context, ElementType type, Loop loop, Passes passes) {
    this.context = context;
    this.type = type;
    this.loop = loop;
    this.passes = passes;
  }

  /** One loop. */
  static VectorElementwise loop(CpuContext context, ElementType type, Loop loop) {
    return new VectorElementwise(context, type, loop, null);
  }

  /** Several passes over a block. */
  static VectorElementwise passes(CpuContext context, ElementType type, Passes passes) {
    return new VectorElementwise(context, type, null, passes);
  }

  @Override
  public void run(Buffer x, Buffer out, long n) {
    start(x, null, out, 0.0f, n);
  }

  @Override
  public void run(Buffer a, Buffer b, Buffer out, long n) {
    start(a, b, out, 0.0f, n);
  }

  @Override
  public void run(Buffer x, float s, long n) {
    start(x, null, x, s, n);
  }

  @Override
  public void run(Buffer y, float a, Buffer x, long n) {
    start(x, y, y, a, n);
  }

  @Override
  public void run(Buffer x, Buffer out, long n, float t) {
    start(x, null, out, 1.0f / t, n);
  }

  private void start(Buffer a, Buffer b, Buffer out, float s, long n) {
    this.a = a.segment();
    this.b = b == null ? null : b.segment();
    this.out = out.segment();
    this.s = s;
    this.n = n;
    scratch = context.scratch().require(ROWS * ROW * context.team().size());
    context.run(this, n * 8);
  }

  @Override
  public void run(int part, int parts) {
    long blocks = (n + BLOCK - 1) / BLOCK;
    long from = CpuContext.start(blocks, part, parts) * BLOCK;
    long end = Math.min(n, CpuContext.start(blocks, part + 1, parts) * BLOCK);
    if (loop != null && type == DType.F32) {
      from = inPlace(from, end);
    }
    for (; from < end; from += BLOCK) {
      throughScratch(from, (int) Math.min(BLOCK, end - from), ROWS * ROW * part);
    }
  }

  /** Runs the loop on the operands as far as whole vectors go; returns the first element that is left. */
  private long inPlace(long from, long end) {
    long at = from;
    while (end - at >= Lanes.COUNT) {
      int count = Lanes.whole((int) Math.min(LONGEST_LOOP, end - at));
      loop.run(a, 4 * at, b, 4 * at, out, 4 * at, s, count);
      at += count;
    }
    return at;
  }

  private void throughScratch(long from, int count, long first) {
    long second = first + ROW;
    int padded = Lanes.padded(count);
    Conversion.widen(type, a, from, count, scratch, first);
    if (b != null) {
      Conversion.widen(type, b, from, count, scratch, second);
    }
    if (loop != null) {
      loop.run(scratch, first, scratch, second, scratch, first, s, padded);
    } else {
      passes.run(scratch, first, second, second + ROW, padded);
    }
    Conversion.narrow(type, scratch, first, count, out, from);
  }
}

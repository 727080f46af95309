package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Layout;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.PackedLayout;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/**
 * quant_matmul, weights packed or as they are in the file. The fast form quantises the activations once and multiplies integers;
 * the ordered form decodes the weights and keeps the portable order of sums. Threads share the rows of the weights.
 */
final class NativeQuantMatMul implements QuantMatMul.Kernel, ThreadTeam.Task {
  /** Tokens per pass: bounds the scratch, and is what the kernels take at once. */
  private static final long TOKENS = 512;

  /** Row groups that the kernels for more than four tokens unpack together. */
  private static final long TOGETHER = 4;

  private static final long BRIEF_FLOPS = 4_000_000;
  private static final long FLOPS_PER_WORK = 64;

  private final CpuContext context;
  private final QuantFormat format;
  private final PackedLayout packing;
  private final boolean ordered;
  private final MemorySegment product;
  private final MemorySegment fromFloats;
  private final MemorySegment fromBlocks;
  private final long ahead;
  private final QuantArguments arguments = new QuantArguments();
  private boolean preparing;
  private Buffer x;
  private long activations;
  private long first;
  private long m;
  private long n;
  private long k;
  private long scratch;

  private NativeQuantMatMul(NativeKernels kernels, CpuContext context, ElementType type, boolean ordered) {
    this.context = context;
    this.format = (QuantFormat) type;
    this.ordered = ordered;
    this.ahead = kernels.prefetchBytes();
    QuantCode layout = QuantCode.of(kernels, format);
    this.packing = layout.layout();
    this.product = kernels.entry((ordered ? "quant_matmul_ordered" : "quant_matmul") + layout.variant(), type, "pllp>v");
    this.fromFloats = ordered ? null : kernels.code().entry(layout.activations(), "plpllll>v");
    this.fromBlocks = ordered
        ? kernels.entry("dequant", format.activationFormat(), "ppl>v")
        : kernels.code().entry(layout.activationsFromBlocks(), "plpllll>v");
  }

  /** Exact integer products of quantised activations. */
  static NativeQuantMatMul fast(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeQuantMatMul(kernels, context, type, false);
  }

  /** Products in f32, in the portable order of sums. */
  static NativeQuantMatMul ordered(NativeKernels kernels, CpuContext context, ElementType type) {
    return new NativeQuantMatMul(kernels, context, type, true);
  }

  @Override
  public void run(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    boolean packed = w.layout() == Layout.PACKED;
    if (packed) {
      packing.require(w);
    }
    this.x = x;
    this.n = n;
    this.k = k;
    long weights = w.address() + (packed ? PackedLayout.HEADER_BYTES : 0);
    long rowBytes = packed ? 0 : format.bytesFor(k);
    allocate(Math.min(m, TOKENS));
    for (first = 0; first < m; first += TOKENS) {
      this.m = Math.min(TOKENS, m - first);
      prepare();
      arguments.weights(weights, rowBytes).operands(activations, k, y.address() + first * n * Float.BYTES, n).sizes(this.m, n, k, ahead);
      context.run(this, Math.max(NativeKernels.work(format.bytesFor(n * k)), QuantMatMul.flops(this.m, n, k) / FLOPS_PER_WORK));
    }
  }

  private void allocate(long tokens) {
    long perThread = context.team().size() * QuantArguments.SCRATCH_BYTES;
    long rows = ordered ? tokens * k * Float.BYTES : QuantArguments.activationBytes(tokens, k);
    scratch = context.scratch().require(perThread + rows).address();
    activations = scratch + perThread;
  }

  private void prepare() {
    if (ordered && x.type() == DType.F32) {
      activations = x.address() + first * k * Float.BYTES;
      return;
    }
    preparing = true;
    context.run(this, NativeKernels.work(m * k * Float.BYTES));
    preparing = false;
  }

  @Override
  public void run(int part, int parts) {
    if (preparing) {
      long from = CpuContext.start(m, part, parts);
      convert(from, CpuContext.start(m, part + 1, parts));
      return;
    }
    long unit = m > TOGETHER ? TOGETHER : 1;
    long groups = QuantArguments.groups(n);
    long units = (groups + unit - 1) / unit;
    long from = CpuContext.start(units, part, parts) * unit;
    long to = Math.min(groups, CpuContext.start(units, part + 1, parts) * unit);
    long weights = (to - from) * QuantArguments.GROUP * k;
    boolean brief = weights <= NativeCall.BRIEF_BYTES && QuantMatMul.flops(m, weights, 1) <= BRIEF_FLOPS;
    NativeCall.run(product, brief, arguments.address(), from, to, scratch + part * QuantArguments.SCRATCH_BYTES);
  }

  /** Rows of this pass, from f32 or from blocks, into scratch. */
  private void convert(long from, long to) {
    long row = x.type().bytesFor(k);
    long in = x.address() + first * row;
    boolean brief = (to - from) * k * Float.BYTES <= NativeCall.BRIEF_BYTES;
    if (ordered) {
      long blocks = (to - from) * k / x.type().blockElements();
      NativeCall.run(fromBlocks, brief, in + from * row, activations + from * k * Float.BYTES, blocks);
    } else if (x.type() == DType.F32) {
      NativeCall.run(fromFloats, brief, in, k, activations, m, k, from, to);
    } else {
      NativeCall.run(fromBlocks, brief, in, row, activations, m, k, from, to);
    }
  }
}

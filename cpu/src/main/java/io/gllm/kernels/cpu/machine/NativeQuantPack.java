package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.PackedLayout;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** pack_b of quantised weights: 16 rows by 256 columns, in the order in which the kernels read them. Threads share the rows. */
final class NativeQuantPack implements PackB.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final QuantFormat format;
  private final QuantCode layout;
  private final MemorySegment code;
  private long from;
  private long to;
  private long n;
  private long k;

  NativeQuantPack(NativeKernels kernels, CpuContext context, ElementType type) {
    this.context = context;
    this.format = (QuantFormat) type;
    this.layout = QuantCode.of(kernels, format);
    this.code = kernels.entry("quant_pack" + layout.variant(), type, "plpllll>v");
  }

  @Override
  public long packedBytes(long n, long k) {
    return PackedLayout.HEADER_BYTES + QuantArguments.groups(n) * layout.rowBytes(k);
  }

  @Override
  public void run(Buffer b, Buffer packed, long n, long k, boolean transposed) {
    layout.layout().mark(packed);
    if (n == 0 || k == 0) {
      return;
    }
    this.from = b.address();
    this.to = packed.address() + PackedLayout.HEADER_BYTES;
    this.n = n;
    this.k = k;
    context.run(this, NativeKernels.work(format.bytesFor(n * k)));
  }

  @Override
  public void run(int part, int parts) {
    long groups = QuantArguments.groups(n);
    long first = CpuContext.start(groups, part, parts);
    long last = CpuContext.start(groups, part + 1, parts);
    boolean brief = (last - first) * layout.rowBytes(k) <= NativeCall.BRIEF_BYTES;
    NativeCall.run(code, brief, from, format.bytesFor(k), to, n, k, first, last);
  }
}

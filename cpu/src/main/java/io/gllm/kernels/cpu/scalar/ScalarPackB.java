package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.PackedLayout;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** Packed here means rows [n][k]: a copy, or a transposition. */
final class ScalarPackB implements PackB.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final ElementType type;
  private MemorySegment b;
  private MemorySegment packed;
  private long n;
  private long k;
  private boolean transposed;

  ScalarPackB(CpuContext context, ElementType type) {
    this.context = context;
    this.type = type;
  }

  @Override
  public long packedBytes(long n, long k) {
    return PackedLayout.HEADER_BYTES + type.bytesFor(n * k);
  }

  @Override
  public void run(Buffer b, Buffer packed, long n, long k, boolean transposed) {
    PackedLayout.ROWS.mark(packed);
    if (n == 0 || k == 0) {
      return;
    }
    this.b = b.segment();
    this.packed = packed.segment().asSlice(PackedLayout.HEADER_BYTES);
    this.n = n;
    this.k = k;
    this.transposed = transposed;
    context.run(this, type.bytesFor(n * k));
  }

  @Override
  public void run(int part, int parts) {
    long from = CpuContext.start(n, part, parts);
    long to = CpuContext.start(n, part + 1, parts);
    if (transposed) {
      long row = type.bytesFor(k);
      MemorySegment.copy(b, from * row, packed, from * row, (to - from) * row);
      return;
    }
    for (long j = from; j < to; j++) {
      for (long i = 0; i < k; i++) {
        Elements.store(type, packed, j * k + i, Elements.load(type, b, i * n + j));
      }
    }
  }
}

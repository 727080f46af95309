package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.Activation;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.PackedLayout;
import io.gllm.kernels.cpu.ThreadTeam;

/** Weights in panels of a tile's columns, in their own type: [n / columns][k][columns], zeros beyond n. */
final class NativePackB implements PackB.Kernel, ThreadTeam.Task {
  private final GemmCode code;
  private final CpuContext context;
  private final ElementType type;
  private final GemmProduct product = new GemmProduct(false);
  private final GemmStep[] steps;
  private long packed;

  NativePackB(GemmCode code, CpuContext context, ElementType type) {
    this.code = code;
    this.context = context;
    this.type = type;
    this.steps = GemmStep.forThreads(context.team().size());
  }

  @Override
  public long packedBytes(long n, long k) {
    return PackedLayout.HEADER_BYTES + code.columnPanels(n) * panelBytes(k);
  }

  private long panelBytes(long k) {
    return k * code.tileColumns() * type.blockBytes();
  }

  @Override
  public void run(Buffer b, Buffer packed, long n, long k, boolean transposed) {
    code.layout().mark(packed);
    if (n == 0 || k == 0) {
      return;
    }
    this.packed = packed.address() + PackedLayout.HEADER_BYTES;
    product.matrices(b, b, b, transposed, code);
    product.finish(null, Activation.NONE);
    product.size(0, n, k);
    context.run(this, NativeKernels.work(2 * type.bytesFor(n * k)));
  }

  @Override
  public void run(int part, int parts) {
    long panels = code.columnPanels(product.n());
    GemmStep step = steps[part].product(product).size(0, product.n(), product.k()).operands(product.a(0, 0), product.b(0, 0));
    step.packedB(packed, type.index(), panelBytes(product.k()));
    code.packB(step, CpuContext.start(panels, part, parts), CpuContext.start(panels, part + 1, parts), false);
  }
}

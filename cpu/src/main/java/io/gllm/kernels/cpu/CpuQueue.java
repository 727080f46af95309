package io.gllm.kernels.cpu;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.UnsupportedKernelException;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.spi.Queue;

/** Runs every launch at once, on the caller and the team. */
final class CpuQueue extends Queue {
  private final CpuDevice device;
  private final CpuTable table;
  private final CpuContext context;
  private final Numerics numerics;

  CpuQueue(CpuDevice device, CpuTable table, CpuContext context, Numerics numerics) {
    this.device = device;
    this.table = table;
    this.context = context;
    this.numerics = numerics;
  }

  @Override
  public <K> K kernel(Op<K> op, ElementType type) {
    CpuKernel<K> chosen = table.choose(op, type, numerics);
    if (chosen == null) {
      throw new UnsupportedKernelException(op.name(), type, "cpu");
    }
    return chosen.factory().create(context, type);
  }

  @Override
  public void copy(Buffer from, Buffer to) {
    if (from.byteSize() != to.byteSize()) {
      throw new IllegalArgumentException("copy of " + from.byteSize() + " bytes to " + to.byteSize());
    }
    to.segment().copyFrom(from.segment());
  }

  @Override
  public void sync() {}

  @Override
  protected void release() {
    context.scratch().close();
    context.indices().close();
    device.forget(this);
  }
}

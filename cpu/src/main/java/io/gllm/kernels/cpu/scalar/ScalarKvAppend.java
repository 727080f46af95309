package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.cpu.CpuContext;

/** New keys and values into their slots. */
final class ScalarKvAppend implements KvAppend.Kernel {
  private final ElementType type;

  ScalarKvAppend(CpuContext context, ElementType type) {
    this.type = type;
  }

  @Override
  public void run(Buffer k, Buffer v, Buffer slots, Buffer kCache, Buffer vCache, long tokens, long kvDim) {
    ScalarIndex.check("slot", slots, tokens, kCache.length() / kvDim);
    for (long t = 0; t < tokens; t++) {
      long slot = Elements.i32(slots.segment(), t);
      for (long i = 0; i < kvDim; i++) {
        Elements.store(type, kCache.segment(), slot * kvDim + i, Elements.f32(k.segment(), t * kvDim + i));
        Elements.store(type, vCache.segment(), slot * kvDim + i, Elements.f32(v.segment(), t * kvDim + i));
      }
    }
  }
}

package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/** Q8_0: f16 d; 32 signed bytes. Value d q. */
enum FormatQ8_0 implements BlockFormat {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q8_0;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Elements.half(blocks, at);
    for (int j = 0; j < 32; j++) {
      out[to + j] = d * Elements.signed(blocks, at + 2 + j);
    }
  }
}

package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/** Q8_K: f32 d; 256 signed bytes; 16 sums of 16 as i16. Value d q. */
enum FormatQ8_K implements BlockFormat {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q8_K;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Elements.floatAt(blocks, at);
    for (int j = 0; j < 256; j++) {
      out[to + j] = d * Elements.signed(blocks, at + 4 + j);
    }
  }
}

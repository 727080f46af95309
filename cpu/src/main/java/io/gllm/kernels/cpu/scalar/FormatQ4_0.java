package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/** Q4_0: f16 d; 16 bytes whose low nibbles are elements 0..15 and high nibbles 16..31. Value d (q - 8). */
enum FormatQ4_0 implements BlockFormat {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q4_0;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Elements.half(blocks, at);
    for (int j = 0; j < 16; j++) {
      int q = Elements.unsigned(blocks, at + 2 + j);
      out[to + j] = d * ((q & 15) - 8);
      out[to + j + 16] = d * ((q >> 4) - 8);
    }
  }
}

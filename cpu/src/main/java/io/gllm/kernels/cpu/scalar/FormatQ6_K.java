package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;

/** Q6_K: 128 bytes of low nibbles; 64 of high bit pairs; 16 signed scales; f16 d. Value d sc (q - 32). */
enum FormatQ6_K implements BlockFormat {
  INSTANCE;

  @Override
  public QuantFormat format() {
    return QuantFormat.Q6_K;
  }

  @Override
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    float d = Elements.half(blocks, at + 208);
    for (int j = 0; j < 256; j++) {
      int half = j / 128;
      int quarter = j % 128 / 32;
      int l = j % 32;
      int low = Elements.unsigned(blocks, at + half * 64 + quarter % 2 * 32 + l) >> quarter / 2 * 4 & 15;
      int high = Elements.unsigned(blocks, at + 128 + half * 32 + l) >> quarter * 2 & 3;
      float scale = d * Elements.signed(blocks, at + 192 + j / 16);
      out[to + j] = scale * ((low | high << 4) - 32);
    }
  }
}

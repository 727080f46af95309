package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;

/** Cosines and sines of all positions, f32 [positions][pairs], computed in double precision. */
final class RopeTables {
  private final Buffer cosines;
  private final Buffer sines;

  RopeTables(KernelDispatcher kernels, OwnedBuffers memory, RopeFrequencies frequencies, int positions, int pairs) {
    float[] cos = new float[Math.multiplyExact(positions, pairs)];
    float[] sin = new float[cos.length];
    for (int position = 0, at = 0; position < positions; position++) {
      for (int i = 0; i < pairs; i++, at++) {
        double angle = position * frequencies.of(i);
        cos[at] = (float) (Math.cos(angle) * frequencies.magnitude());
        sin[at] = (float) (Math.sin(angle) * frequencies.magnitude());
      }
    }
    this.cosines = memory.keep(kernels.upload(cos));
    this.sines = memory.keep(kernels.upload(sin));
  }

  Buffer cosines() {
    return cosines;
  }

  Buffer sines() {
    return sines;
  }
}

package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.cpu.CpuContext;

/** Draws a token from each row by inverting the cumulative distribution. */
final class ScalarSample implements Sampling.Sample {
  private final Probabilities probabilities = new Probabilities();
  private final int[] words = new int[4];

  ScalarSample(CpuContext context, ElementType type) {}

  @Override
  public void run(Buffer x, Buffer out, long rows, long cols, long seed, int step) {
    for (long r = 0; r < rows; r++) {
      probabilities.load(x.segment(), r, (int) cols);
      ScalarPhilox.generate(words, 0, (int) r, step, seed);
      float uniform = (words[0] >>> 8) * 0x1p-24f;
      int token = probabilities.find(uniform * probabilities.total());
      Elements.i32(out.segment(), r, token < 0 ? Sampling.NO_TOKEN : token);
    }
  }
}

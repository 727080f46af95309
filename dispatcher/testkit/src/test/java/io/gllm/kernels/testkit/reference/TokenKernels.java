package io.gllm.kernels.testkit.reference;

import static io.gllm.kernels.testkit.reference.Values.floats;
import static io.gllm.kernels.testkit.reference.Values.read;
import static io.gllm.kernels.testkit.reference.Values.write;
import static io.gllm.kernels.testkit.reference.Values.writeInts;

import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.testkit.oracle.Philox;
import io.gllm.kernels.testkit.oracle.Sampler;
import java.util.Arrays;
import java.util.Map;

/** From logits to tokens. */
final class TokenKernels {
  private TokenKernels() {}

  static void addTo(Map<Op<?>, Object> all) {
    all.put(Sampling.ARGMAX, (Sampling.Argmax) (x, out, rows, cols) -> {
      for (int r = 0; r < rows; r++) {
        writeInts(out, r, Sampler.argmax(read(x, r * cols, cols)));
      }
    });
    all.put(Sampling.TOP_K, (Sampling.TopK) (x, values, indices, rows, cols, k) -> {
      for (int r = 0; r < rows; r++) {
        float[] row = floats(read(x, r * cols, cols), 0, (int) cols);
        int[] order = Arrays.copyOf(Sampler.descending(row), k);
        writeInts(indices, (long) r * k, order);
        write(values, (long) r * k, Arrays.stream(order).mapToDouble(i -> Sampler.rank(row[i])).toArray());
      }
    });
    all.put(Sampling.TOP_P, (Sampling.TopP) (x, out, rows, cols, p) -> {
      for (int r = 0; r < rows; r++) {
        float[] kept = Sampler.topP(floats(read(x, r * cols, cols), 0, (int) cols), p);
        for (int i = 0; i < cols; i++) {
          write(out, r * cols + i, kept[i]);
        }
      }
    });
    all.put(Sampling.TEMPERATURE, (Sampling.Temperature) (x, out, n, t) -> write(out, 0,
        Arrays.stream(read(x, n)).map(v -> v * (1 / t)).toArray()));
    all.put(Sampling.PHILOX, (Sampling.Philox) (out, n, row, step, key) -> writeInts(out, 0, Philox.words((int) n, row, step, key)));
    all.put(Sampling.SAMPLE, (Sampling.Sample) (x, out, rows, cols, seed, step) -> {
      for (int r = 0; r < rows; r++) {
        writeInts(out, r, Sampler.sample(floats(read(x, r * cols, cols), 0, (int) cols), r, seed, step));
      }
    });
  }
}

package io.gllm.kernels.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.safetensors.SafetensorsException;
import io.gllm.kernels.safetensors.SafetensorsSource;
import io.gllm.kernels.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Damaged checkpoints: a matrix of any numbers, or a {@link SafetensorsException}; nothing else. */
class CheckpointFuzzTest {
  private static final int ROUNDS = 500;

  @TempDir
  Path folder;

  private void damage(SafetensorsWriter writer, Function<SafetensorsSource, CheckpointMatrix> load) throws IOException {
    byte[] valid = writer.bytes();
    Path path = folder.resolve("damaged.safetensors");
    Random random = new Random(9);
    int loaded = 0;
    for (int i = 0; i < ROUNDS; i++) {
      byte[] bytes = valid.clone();
      for (int j = random.nextInt(3); i > 0 && j >= 0; j--) {
        bytes[8 + random.nextInt(bytes.length - 8)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(path, bytes);
      try (SafetensorsSource source = SafetensorsSource.open(path)) {
        CheckpointMatrix matrix = load.apply(source);
        assertEquals(matrix.rows() * matrix.columns(), ScaledWeights.decode(matrix).length);
        loaded++;
      } catch (SafetensorsException e) {
        assertTrue(i > 0, "the unchanged file must load: " + e.getMessage());
      }
    }
    assertTrue(loaded > ROUNDS / 50 && loaded < ROUNDS, loaded + " loaded");
  }

  private static MemorySegment halves(int count) {
    return MemorySegment.ofArray(new short[count]);
  }

  @Test
  @Timeout(value = 180, unit = TimeUnit.SECONDS)
  void gptq() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().ints("q.qweight", new int[16], 2, 8).ints("q.qzeros", new int[2], 2, 1)
        .add("q.scales", "F16", halves(16), 2, 8).ints("q.g_idx", new int[16], 16);
    damage(writer, source -> GptqMatrix.load(source, "q", new GptqConfig(4, 8, GptqVariant.V1, false)));
  }

  @Test
  @Timeout(value = 180, unit = TimeUnit.SECONDS)
  void awq() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().ints("q.qweight", new int[32], 16, 2).ints("q.qzeros", new int[4], 2, 2)
        .add("q.scales", "F16", halves(26), 2, 13);
    damage(writer, source -> AwqMatrix.load(source, "q", 8));
  }

  @Test
  @Timeout(value = 180, unit = TimeUnit.SECONDS)
  void squeeze() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().ints("q.qweight", new int[2], 1, 2).floats("q.lookup_table", new float[32], 2, 16)
        .ints("q.rows", new int[]{0, 1, 2}, 3).ints("q.cols", new int[]{5, 1}, 2).floats("q.vals", new float[2], 2)
        .floats("q.full_rows", new float[8], 8, 1).ints("q.full_row_indices", new int[]{1}, 1);
    damage(writer, source -> SqueezeMatrix.load(source, "q", 4, 8));
  }
}

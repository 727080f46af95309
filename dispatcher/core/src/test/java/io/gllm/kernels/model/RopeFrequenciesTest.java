package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.gguf.GgufException;
import io.gllm.kernels.gguf.GgufFile;
import io.gllm.kernels.gguf.GgufWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RopeFrequenciesTest {
  private static final int PAIRS = 64;

  @TempDir
  Path folder;

  private RopeFrequencies frequencies(GgufWriter writer) {
    try (GgufFile file = GgufFile.open(writer.write(folder.resolve("rope.gguf")))) {
      return new RopeFrequencies(file.metadata(), PAIRS, null);
    }
  }

  private static double plain(double base, int i) {
    return Math.pow(base, -2.0 * i / 128);
  }

  @Test
  void withoutScaling() {
    RopeFrequencies f = frequencies(new GgufWriter());
    assertEquals(1, f.of(0));
    assertEquals(plain(10_000, 17), f.of(17), 1e-15);
    assertEquals(1, f.magnitude());
  }

  @Test
  void linear() {
    RopeFrequencies f = frequencies(new GgufWriter().string("llama.rope.scaling.type", "linear").f32("llama.rope.scaling.factor", 8));
    assertEquals(plain(10_000, 5) / 8, f.of(5), 1e-15);
    assertEquals(plain(10_000, 5) / 4, frequencies(new GgufWriter().f32("llama.rope.scale_linear", 4)).of(5), 1e-15);
  }

  /** Fast pairs are kept, slow ones divided, with the published settings of Llama 2 at 128k: factor 32 over 4096. */
  @Test
  void yarn() {
    RopeFrequencies f = frequencies(new GgufWriter().string("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", 32)
        .u32("llama.rope.scaling.original_context_length", 4096));
    double low = Math.floor(64 * Math.log(4096 / (32 * 2 * Math.PI)) / Math.log(10_000));
    double high = Math.ceil(64 * Math.log(4096 / (2 * Math.PI)) / Math.log(10_000));
    assertEquals(20, low);
    assertEquals(46, high);
    assertEquals(plain(10_000, 20), f.of(20), 1e-15);
    assertEquals(plain(10_000, 46) / 32, f.of(46), 1e-15);
    assertEquals(plain(10_000, 33) * (0.5 + 0.5 / 32), f.of(33), 1e-15);
    assertEquals(1 + 0.1 * Math.log(32), f.magnitude(), 1e-12);
  }

  /** Llama 3.1: factor 8 over 8192, theta 500000. */
  @Test
  void llama3() {
    RopeFrequencies f = frequencies(new GgufWriter().f32("llama.rope.freq_base", 500_000).string("llama.rope.scaling.type", "llama3")
        .f32("llama.rope.scaling.factor", 8).u32("llama.rope.scaling.original_context_length", 8192));
    assertEquals(plain(500_000, 3), f.of(3), 1e-15);
    assertEquals(plain(500_000, 60) / 8, f.of(60), 1e-15);
    double turns = 8192 * plain(500_000, 32) / (2 * Math.PI);
    assertTrue(turns > 1 && turns < 4);
    double kept = (turns - 1) / 3;
    assertEquals(plain(500_000, 32) * (kept + (1 - kept) / 8), f.of(32), 1e-15);
  }

  @Test
  void wrongValuesAreRejected() {
    rejected("expected a positive number", new GgufWriter().f32("llama.rope.freq_base", -1));
    rejected("expected a positive number",
        new GgufWriter().string("llama.rope.scaling.type", "linear").f32("llama.rope.scaling.factor", 0));
    rejected("'longrope'", new GgufWriter().string("llama.rope.scaling.type", "longrope"));
    rejected("original_context_length' is missing", new GgufWriter().string("llama.rope.scaling.type", "yarn"));
  }

  private void rejected(String part, GgufWriter writer) {
    GgufException e = assertThrows(GgufException.class, () -> frequencies(writer));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}

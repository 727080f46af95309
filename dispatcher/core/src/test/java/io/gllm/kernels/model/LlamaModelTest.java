package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.TransferCounters;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Generation with the bundled model. */
class LlamaModelTest {
  /** The prompts whose answer survives the rounding of weights to Q8_0: no choice on the way is nearly a tie. */
  private static final List<Integer> CLEAR = List.of(0, 3);

  private static final IntConsumer NOBODY = id -> {};

  private static KernelDispatcher kernels;
  private static LlamaModel model;

  @BeforeAll
  static void load() {
    kernels = KernelDispatcher.create();
    model = LlamaModel.load(kernels, Expected.BUNDLED_MODEL);
  }

  @AfterAll
  static void close() {
    model.close();
    model.close();
    assertEquals(0, kernels.memoryInUse());
    kernels.close();
    assertThrows(IllegalStateException.class, () -> model.logits(1));
  }

  @Test
  void continuesPrompts() {
    List<Expected> all = Expected.all();
    for (int i = 0; i < all.size(); i++) {
      Expected expected = all.get(i);
      StringBuilder streamed = new StringBuilder();
      GenerationResult result = model.generate(expected.prompt(), GenerationOptions.greedy(120), streamed::append);
      assertEquals(streamed.toString(), result.text());
      assertArrayEquals(expected.promptIds(), result.promptIds());
      assertEquals(StopReason.END, result.stop());
      assertTrue(result.text().endsWith("The end."), result.text());
      if (CLEAR.contains(i)) {
        assertEquals(expected.text(), result.text());
        assertArrayEquals(expected.ids(), result.ids());
      }
      assertTrue(result.prefillTokensPerSecond() > 0 && result.decodeTokensPerSecond() > 0);
    }
  }

  /** The weights, the cache and the sampling stay on the device: at most the id in and the id out, 4 bytes each. */
  @Test
  void onlyTheIdCrossesForEachToken() {
    long few = trafficOf(8);
    long many = trafficOf(40);
    assertTrue(many - few <= 8 * 32, (many - few) / 32.0 + " bytes a token");
  }

  private static long trafficOf(int tokens) {
    TransferCounters before = kernels.transfers();
    assertEquals(tokens, model.generate("Once upon a time", GenerationOptions.greedy(tokens), s -> {}).ids().length);
    TransferCounters after = kernels.transfers();
    assertEquals(before.stagedCopies(), after.stagedCopies());
    return after.hostToDevice() - before.hostToDevice() + after.deviceToHost() - before.deviceToHost();
  }

  @Test
  void stopsWhereAsked() {
    GenerationResult result = model.generate("Once upon a time", GenerationOptions.greedy(3), s -> {});
    assertEquals(StopReason.MAX_TOKENS, result.stop());
    assertEquals(3, result.ids().length);
  }

  @Test
  void stopsWhereTheContextEnds() {
    int[] prompt = new int[model.contextLength() - 2];
    Arrays.fill(prompt, 46);
    GenerationResult result = model.generate(prompt, GenerationOptions.greedy(100), NOBODY);
    assertTrue(result.stop() == StopReason.CONTEXT_FULL && result.ids().length == 3 || result.stop() == StopReason.END, result.toString());
    int[] full = Arrays.copyOf(prompt, model.contextLength());
    assertEquals(1, model.generate(full, GenerationOptions.greedy(100), NOBODY).ids().length);
    int[] tooLong = Arrays.copyOf(prompt, model.contextLength() + 1);
    assertThrows(IllegalArgumentException.class, () -> model.generate(tooLong, GenerationOptions.greedy(1), NOBODY));
  }

  @Test
  void samplingDependsOnTheSeedOnly() {
    GenerationOptions options = GenerationOptions.sampled(30, 1.0f, 7);
    int[] first = ids(options);
    assertArrayEquals(first, ids(options));
    assertNotEquals(Arrays.toString(first), Arrays.toString(ids(GenerationOptions.sampled(30, 1.0f, 8))));
    assertArrayEquals(ids(options.withTopK(40).withTopP(0.9f)), ids(options.withTopK(40).withTopP(0.9f)));
  }

  @Test
  void samplingWithOneCandidateIsGreedy() {
    int[] greedy = ids(GenerationOptions.greedy(30));
    assertArrayEquals(greedy, ids(GenerationOptions.sampled(30, 1.0f, 7).withTopK(1)));
    assertArrayEquals(greedy, ids(GenerationOptions.sampled(30, 1.0f, 7).withTopP(1e-6f)));
    assertArrayEquals(greedy, ids(GenerationOptions.sampled(30, 1e-4f, 7).withTopK(5)));
  }

  private static int[] ids(GenerationOptions options) {
    return model.generate(new int[]{511}, options, NOBODY).ids();
  }

  @Test
  void wrongArgumentsAreErrors() {
    assertThrows(IllegalArgumentException.class, () -> model.generate(new int[0], GenerationOptions.greedy(1), NOBODY));
    assertThrows(IllegalArgumentException.class, () -> model.generate(new int[]{512}, GenerationOptions.greedy(1), NOBODY));
    assertThrows(IllegalArgumentException.class, () -> model.logits(-1));
    assertThrows(IllegalArgumentException.class, () -> GenerationOptions.greedy(0));
    assertThrows(IllegalArgumentException.class, () -> GenerationOptions.sampled(1, Float.NaN, 0));
    assertThrows(IllegalArgumentException.class, () -> GenerationOptions.greedy(1).withTopP(0));
    assertThrows(IllegalArgumentException.class, () -> GenerationOptions.greedy(1).withTopK(-1));
  }

  @Test
  void aConsumerThatFailsLeavesTheModelUsable() {
    List<Integer> seen = new ArrayList<>();
    assertThrows(IllegalStateException.class, () -> model.generate(new int[]{511}, GenerationOptions.greedy(9), id -> {
      seen.add(id);
      throw new IllegalStateException("enough");
    }));
    assertEquals(1, seen.size());
    assertEquals(seen.getFirst(), ids(GenerationOptions.greedy(9))[0]);
  }

  /** Between one token and the next nothing is allocated, greedily and sampling. */
  @Test
  void decodingAllocatesNothing() {
    assertEquals(0, allocatedPerToken(GenerationOptions.greedy(60)));
    assertEquals(0, allocatedPerToken(GenerationOptions.sampled(60, 0.5f, 3).withTopK(20).withTopP(0.9f)));
  }

  private static long allocatedPerToken(GenerationOptions options) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long[] counters = new long[64];
    long least = Long.MAX_VALUE;
    for (int run = 0; run < 4; run++) {
      int[] count = new int[1];
      model.generate(new int[]{511}, options, id -> counters[count[0]++] = threads.getCurrentThreadAllocatedBytes());
      for (int i = 12; i < count[0] - 10; i++) {
        least = Math.min(least, counters[i + 10] - counters[i]);
      }
    }
    return least;
  }
}

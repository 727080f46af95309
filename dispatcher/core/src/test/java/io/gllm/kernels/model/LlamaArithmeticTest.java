package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole model against its definition in double precision, in every shape the architecture allows. */
class LlamaArithmeticTest {
  private static final float TOLERANCE = 2e-4f;

  @TempDir
  Path folder;

  static Stream<Arguments> shapes() {
    return Stream.of(Arguments.of("grouped queries", TestLlama.standard()), Arguments.of("one key head", new TestLlama(4, 1, 8, 8, false)),
        Arguments.of("a key head for each query head", new TestLlama(2, 2, 16, 16, false)),
        Arguments.of("tied embeddings", new TestLlama(4, 2, 8, 8, true)),
        Arguments.of("partly rotated heads", new TestLlama(2, 1, 16, 6, false)),
        Arguments.of("heads wider than the state", new TestLlama(3, 3, 14, 14, false)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("shapes")
  void logitsFollowTheDefinition(String name, TestLlama reference) {
    check(reference, reference.file(), ids(40));
  }

  @Test
  void frequencyFactorsDivide() {
    TestLlama reference = TestLlama.standard();
    reference.base = 500_000;
    reference.factors = new float[]{1, 1.5f, 4, 8};
    check(reference, reference.file(), ids(20));
  }

  @Test
  void linearScalingStretchesPositions() {
    TestLlama reference = TestLlama.standard();
    GgufWriter file = reference.metadata().string("llama.rope.scaling.type", "linear").f32("llama.rope.scaling.factor", 4);
    reference.tensors(file);
    reference.factors = new float[]{4, 4, 4, 4};
    check(reference, file, ids(20));
  }

  /** Prompts around the size of a prefill block and of a page, then decoding across a page: all give the logits of the definition. */
  @ParameterizedTest
  @MethodSource("lengths")
  void blocksAndPagesMakeNoDifference(int length) {
    TestLlama reference = TestLlama.standard();
    int[] ids = ids(length);
    try (KernelDispatcher kernels = KernelDispatcher.create(); LlamaModel model = load(kernels, reference.file())) {
      assertClose(reference.logits(ids), model.logits(ids));
      GenerationResult result = model.generate(ids, GenerationOptions.greedy(5), id -> {});
      int[] all = Stream.of(ids, result.ids()).flatMapToInt(java.util.Arrays::stream).toArray();
      for (int i = 0; i < result.ids().length; i++) {
        double[] expected = reference.logits(java.util.Arrays.copyOf(all, length + i));
        assertEquals(argmax(expected), result.ids()[i]);
      }
    }
  }

  static Stream<Integer> lengths() {
    return Stream.of(1, 2, 31, 32, 33, 62, LlamaSession.BLOCK - 1, LlamaSession.BLOCK, LlamaSession.BLOCK + 1);
  }

  private static int argmax(double[] x) {
    int best = 0;
    for (int i = 1; i < x.length; i++) {
      best = x[i] > x[best] ? i : best;
    }
    return best;
  }

  private void check(TestLlama reference, GgufWriter file, int[] ids) {
    try (KernelDispatcher kernels = KernelDispatcher.create(); LlamaModel model = load(kernels, file)) {
      assertClose(reference.logits(ids), model.logits(ids));
    }
    try (KernelDispatcher kernels = KernelDispatcher.create();
        KernelDispatcher exact = kernels.reproducible();
        LlamaModel model = load(exact, file)) {
      assertClose(reference.logits(ids), model.logits(ids));
    }
  }

  private LlamaModel load(KernelDispatcher kernels, GgufWriter file) {
    return LlamaModel.load(kernels, file.write(folder.resolve("model.gguf")), new ModelOptions(0, DType.F32));
  }

  private static void assertClose(double[] expected, float[] actual) {
    float[] rounded = new float[expected.length];
    for (int i = 0; i < rounded.length; i++) {
      rounded[i] = (float) expected[i];
    }
    assertArrayEquals(rounded, actual, TOLERANCE);
  }

  private static int[] ids(int length) {
    return new Random(length).ints(length, 0, TestLlama.VOCABULARY).toArray();
  }
}

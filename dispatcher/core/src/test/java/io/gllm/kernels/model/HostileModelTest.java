package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.gguf.GgufException;
import io.gllm.kernels.gguf.GgufWriter;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files that are valid GGUF but no model that can be run. */
class HostileModelTest {
  private static final long MAX_ALLOCATION = 16 << 20;

  @TempDir
  Path folder;

  private KernelDispatcher kernels;

  @BeforeEach
  void open() {
    kernels = KernelDispatcher.create();
  }

  @AfterEach
  void everythingIsFreed() {
    assertEquals(0, kernels.memoryInUse());
    kernels.close();
  }

  private void rejected(String part, byte[] file) {
    Path path = GgufWriter.write(folder.resolve("model.gguf"), file);
    GgufException e = assertThrows(GgufException.class, () -> LlamaModel.load(kernels, path).close());
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  /** The test model with one field of its head changed. */
  private static byte[] with(String field, long value) {
    GgufWriter writer = TestLlama.standard().file();
    byte[] bytes = writer.bytes();
    patch(bytes, writer.fields().stream().filter(f -> f.what().equals(field)).findFirst().orElseThrow(), value);
    return bytes;
  }

  private static void patch(byte[] bytes, GgufWriter.Field field, long value) {
    byte[] raw = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    System.arraycopy(raw, 0, bytes, field.offset(), field.bytes());
  }

  private static byte[] renamed(String from, String to) {
    String text = new String(TestLlama.standard().file().bytes(), java.nio.charset.StandardCharsets.ISO_8859_1);
    return text.replaceFirst(Pattern.quote(from), to).getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
  }

  @Test
  void hyperParametersOutOfRange() {
    rejected("'llama.block_count' is 0", with("llama.block_count", 0));
    rejected("'llama.block_count' is 4294967295", with("llama.block_count", -1));
    rejected("'llama.embedding_length' is 2147483647", with("llama.embedding_length", Integer.MAX_VALUE));
    rejected("'llama.attention.head_count' is 0", with("llama.attention.head_count", 0));
    rejected("no divisor of the 4 heads", with("llama.attention.head_count_kv", 3));
    rejected("'llama.attention.key_length' is 258", with("llama.attention.key_length", 258));
    rejected("even number", with("llama.attention.key_length", 7));
    rejected("'llama.attention.value_length' is 4, expected 8 to 8", with("llama.attention.value_length", 4));
    rejected("expected an even number", with("llama.rope.dimension_count", 3));
    rejected("'llama.context_length' is 0", with("llama.context_length", 0));
    rejected("expected 0 to 1", with("llama.attention.layer_norm_rms_epsilon", Float.floatToRawIntBits(-1)));
    rejected("expected a finite number", with("llama.rope.freq_base", Float.floatToRawIntBits(Float.NaN)));
    rejected("'general.architecture' is 'lxama'", renamed("llama", "lxama"));
    rejected("'llama.block_count' is missing", renamed("llama.block_count", "llama.block_xxxxx"));
    TestLlama llama = TestLlama.standard();
    rejected("mixtures of experts", llama.tensors(llama.metadata().u32("llama.expert_count", 8)).bytes());
    rejected("'llama.vocab_size' is 7, expected 259", llama.tensors(llama.metadata().u32("llama.vocab_size", 7)).bytes());
  }

  @Test
  void tensorsThatDoNotFit() {
    rejected("no tensor 'blk.2.attn_norm.weight'", with("llama.block_count", 3));
    rejected("'blk.1.attn_norm.weight' is not part of a llama model of 1 layers", with("llama.block_count", 1));
    rejected("'blk.0.ffn_gate.weight' has shape [32, 48], expected [32, 40]", with("llama.feed_forward_length", 40));
    rejected("no tensor 'blk.1.ffn_up.weight'", renamed("blk.1.ffn_up", "blk.1.ffn_op"));
    rejected("'token_embd.weight' has shape [32, 259], expected [32, 260]", extraToken());
    rejected("elements of unknown type 77", with("blk.0.attn_q.weight type", 77));
    rejected("is i32; norms are f32", with("output_norm.weight type", 26));
    rejected("is i32; supported here are", with("blk.0.ffn_up.weight type", 26));
    rejected("is q8_1; supported here are", with("blk.0.ffn_up.weight type", 9));
    TestLlama scaled = TestLlama.standard();
    scaled.factors = new float[]{1, 2, Float.NaN, 1};
    rejected("has a factor of NaN", scaled.file().bytes());
    scaled.factors = new float[]{1};
    rejected("has shape [1], expected [4]", scaled.file().bytes());
  }

  /** The tokenizer has one token more than the embedding. */
  private static byte[] extraToken() {
    TestLlama llama = TestLlama.standard();
    String key = "tokenizer.ggml.tokens";
    GgufWriter writer = new GgufWriter().string("general.architecture", "llama").u32("llama.block_count", TestLlama.LAYERS)
        .u32("llama.context_length", 8).u32("llama.embedding_length", TestLlama.DIM)
        .u32("llama.feed_forward_length", TestLlama.FEED_FORWARD).u32("llama.attention.head_count", 4)
        .u32("llama.attention.head_count_kv", 2).f32("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .string("tokenizer.ggml.model", "gpt2").strings("tokenizer.ggml.merges")
        .strings(key, java.util.stream.IntStream.range(0, 260).mapToObj(i -> "token" + i).toArray(String[]::new));
    return llama.tensors(writer).bytes();
  }

  @Test
  void optionsOutOfRange() {
    Path path = TestLlama.standard().file().write(folder.resolve("model.gguf"));
    assertThrows(IllegalArgumentException.class,
        () -> LlamaModel.load(kernels, path, new ModelOptions(TestLlama.CONTEXT + 1, null)).close());
    assertThrows(IllegalArgumentException.class, () -> new ModelOptions(-1, null));
    assertThrows(IllegalArgumentException.class, () -> new ModelOptions(0, io.gllm.kernels.api.DType.I8));
  }

  @Test
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  void damagedModelsAreRejectedOrRun() {
    GgufWriter writer = TestLlama.standard().file();
    byte[] valid = writer.bytes();
    List<GgufWriter.Field> fields = writer.fields().stream().filter(f -> !f.what().startsWith("tokenizer")).toList();
    long[] hostile = {0, 1, 2, 3, 8, 26, 30, 255, 1 << 20, Integer.MAX_VALUE, 1L << 33, Long.MAX_VALUE, -1};
    Random random = new Random(3);
    int[] outcomes = new int[2];
    for (int i = 0; i < 600; i++) {
      byte[] bytes = valid.clone();
      if (i % 2 == 0) {
        patch(bytes, fields.get(random.nextInt(fields.size())), hostile[random.nextInt(hostile.length)]);
      } else {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
      outcomes[run(bytes, "mutation " + i) ? 1 : 0]++;
    }
    assertTrue(outcomes[0] > 50 && outcomes[1] > 50, outcomes[0] + " rejected, " + outcomes[1] + " ran");
  }

  private boolean run(byte[] bytes, String what) {
    Path path = GgufWriter.write(folder.resolve("model.gguf"), bytes);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    try (LlamaModel model = LlamaModel.load(kernels, path)) {
      model.generate(new int[]{1, 2}, GenerationOptions.greedy(2), id -> {});
      return true;
    } catch (KernelException e) {
      return false;
    } catch (RuntimeException | Error e) {
      return fail(what + " gives " + e, e);
    } finally {
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertTrue(allocated < MAX_ALLOCATION, what + " allocates " + allocated + " bytes");
    }
  }
}

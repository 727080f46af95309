package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.gguf.GgufFile;
import io.gllm.kernels.tokenizer.TextStream;
import io.gllm.kernels.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * A model of the llama architecture that continues text.
 *
 * <pre>{@code
 * try (var kernels = KernelDispatcher.create(); var model = LlamaModel.load(kernels, path)) {
 *   model.generate("Once upon a time", GenerationOptions.greedy(64), System.out::print);
 * }
 * }</pre>
 *
 * <p>Weights of every type that the operators support are used as they are in the file, packed for the device. Thread-safe: calls
 * run one after the other. Close the model before its dispatcher.
 */
public final class LlamaModel implements AutoCloseable {
  private final KernelDispatcher kernels;
  private final GgufFile file;
  private final OwnedBuffers memory;
  private final Tokenizer tokenizer;
  private final LlamaConfig config;
  private final LlamaSession session;
  private final TokenSampler sampler;
  private final int[] generated;
  private final ReentrantLock lock = new ReentrantLock();

  private LlamaModel(KernelDispatcher kernels, GgufFile file, OwnedBuffers memory, ModelOptions options) {
    this.kernels = kernels;
    this.file = file;
    this.memory = memory;
    this.tokenizer = Tokenizer.of(file.metadata());
    this.config = LlamaConfig.of(file.metadata(), tokenizer.vocabularySize());
    int capacity = capacity(options);
    LlamaWeights weights = new LlamaWeights(kernels, memory, file, config);
    int pairs = config.rotaryDim() / 2;
    RopeFrequencies frequencies = new RopeFrequencies(file.metadata(), pairs, weights.ropeFactors());
    RopeTables rope = new RopeTables(kernels, memory, frequencies, capacity, pairs);
    DType byDefault = weights.isQuantised() ? DType.F16 : DType.F32;
    KvCache cache = new KvCache(kernels, memory, config, options.cacheType() == null ? byDefault : options.cacheType(), capacity);
    this.session = new LlamaSession(kernels, memory, config, weights, rope, cache, capacity, options.recorded());
    this.sampler = new TokenSampler(kernels, memory, config.vocabulary());
    this.generated = new int[capacity + 1];
  }

  private int capacity(ModelOptions options) {
    if (options.contextLength() > config.context()) {
      throw new IllegalArgumentException("contextLength " + options.contextLength() + " exceeds the model's " + config.context());
    }
    return options.contextLength() > 0 ? options.contextLength() : Math.min(config.context(), ModelOptions.DEFAULT_CONTEXT);
  }

  /**
   * Loads a model file.
   *
   * @throws io.gllm.kernels.gguf.GgufException if the file is damaged, or no llama model that this library can run
   */
  public static LlamaModel load(KernelDispatcher kernels, Path path) {
    return load(kernels, path, ModelOptions.DEFAULT);
  }

  /**
   * Loads a model file.
   *
   * @throws io.gllm.kernels.gguf.GgufException if the file is damaged, or no llama model that this library can run
   * @throws io.gllm.kernels.api.DeviceMemoryException if weights and cache do not fit the device
   * @throws IllegalArgumentException if the options ask for a longer context than the model has
   */
  public static LlamaModel load(KernelDispatcher kernels, Path path, ModelOptions options) {
    GgufFile file = GgufFile.open(path);
    OwnedBuffers memory = new OwnedBuffers(kernels);
    try {
      return new LlamaModel(kernels, file, memory, options);
    } catch (RuntimeException | Error e) {
      memory.close();
      file.close();
      throw e;
    }
  }

  /** Sizes of the model. */
  public LlamaConfig config() {
    return config;
  }

  /** The tokenizer of the model. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Tokens of prompt and answer together. */
  public int contextLength() {
    return session.capacity();
  }

  /**
   * Continues a text. The consumer gets each piece of text when its characters are complete, on the calling thread.
   *
   * @throws IllegalArgumentException if the prompt is longer than the context, or empty for a model without a begin token
   */
  public GenerationResult generate(String prompt, GenerationOptions options, Consumer<String> consumer) {
    TextStream stream = tokenizer.stream();
    GenerationResult result = generate(tokenizer.encode(prompt, true), options, id -> emit(stream.add(id), consumer));
    emit(stream.end(), consumer);
    return result;
  }

  private static void emit(String piece, Consumer<String> consumer) {
    if (!piece.isEmpty()) {
      consumer.accept(piece);
    }
  }

  /**
   * Continues a sequence of token ids, which is taken as it is. The consumer gets each generated id, the end token included.
   *
   * @throws IllegalArgumentException if there are no ids, more than the context holds, or one outside the vocabulary
   */
  public GenerationResult generate(int[] promptIds, GenerationOptions options, IntConsumer consumer) {
    lock.lock();
    try {
      long start = System.nanoTime();
      prefill(promptIds, options.isGreedy());
      long prefilled = System.nanoTime();
      int count = 0;
      StopReason stop = null;
      while (stop == null) {
        int id = sampler.choose(session.logits(), session.token(), options, count);
        generated[count++] = id;
        consumer.accept(id);
        stop = stop(id, count, options);
        if (stop == null) {
          session.decode();
        }
      }
      long end = System.nanoTime();
      int[] ids = Arrays.copyOf(generated, count);
      return new GenerationResult(text(ids), promptIds.clone(), ids, stop, prefilled - start, end - prefilled);
    } finally {
      lock.unlock();
    }
  }

  /** The generated text as a continuation: a leading space stays. */
  private String text(int[] ids) {
    TextStream stream = tokenizer.stream();
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      text.append(stream.add(id));
    }
    return text.append(stream.end()).toString();
  }

  private StopReason stop(int id, int count, GenerationOptions options) {
    if (tokenizer.isEnd(id)) {
      return StopReason.END;
    }
    if (count == options.maxTokens()) {
      return StopReason.MAX_TOKENS;
    }
    return session.length() == session.capacity() ? StopReason.CONTEXT_FULL : null;
  }

  /**
   * Logits of the token after a sequence of ids, f32 [vocabulary].
   *
   * @throws IllegalArgumentException if there are no ids, more than the context holds, or one outside the vocabulary
   */
  public float[] logits(int... ids) {
    lock.lock();
    try {
      prefill(ids, true);
      return kernels.readFloats(session.logits());
    } finally {
      lock.unlock();
    }
  }

  private void prefill(int[] ids, boolean greedy) {
    if (!file.isOpen()) {
      throw new IllegalStateException("the model is closed");
    }
    if (ids.length == 0 || ids.length > session.capacity()) {
      throw new IllegalArgumentException("a prompt of " + ids.length + " tokens; this model takes 1 to " + session.capacity());
    }
    for (int id : ids) {
      if (id < 0 || id >= config.vocabulary()) {
        throw new IllegalArgumentException("token " + id + " is outside the vocabulary of " + config.vocabulary());
      }
    }
    session.clear();
    session.choosesLikely(greedy);
    session.prefill(ids);
    kernels.sync();
  }

  /** Frees the weights and closes the file. Closing twice is harmless. */
  @Override
  public void close() {
    lock.lock();
    try {
      session.close();
      memory.close();
      file.close();
    } finally {
      lock.unlock();
    }
  }
}

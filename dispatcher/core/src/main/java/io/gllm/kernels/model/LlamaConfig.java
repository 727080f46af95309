package io.gllm.kernels.model;

import io.gllm.kernels.gguf.GgufException;
import io.gllm.kernels.gguf.GgufMetadata;

/**
 * Sizes of a llama model, checked.
 *
 * @param layers transformer layers
 * @param dim width of the state
 * @param feedForward width of the feed-forward network
 * @param heads query heads
 * @param kvHeads key and value heads, a divisor of heads
 * @param headDim elements of a head, even, at most 256
 * @param rotaryDim elements of a head that are rotated, even
 * @param vocabulary number of tokens
 * @param context tokens the model was trained for
 * @param epsilon of the norms
 */
public record LlamaConfig(
    int layers, int dim, int feedForward, int heads, int kvHeads, int headDim, int rotaryDim, int vocabulary, int context, float epsilon) {
  private static final int MAX_LAYERS = 1024;
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_HEADS = 4096;
  private static final int MAX_HEAD_DIM = 256;

  /** Heads may be wider than the embedding together, but a file of a few bytes must not ask for a cache of many gigabytes. */
  private static final long MAX_WIDENING = 16;

  /**
   * Reads and checks the sizes.
   *
   * @param vocabulary number of tokens of the tokenizer
   * @throws GgufException naming the key that is missing, out of range or not supported
   */
  static LlamaConfig of(GgufMetadata metadata, int vocabulary) {
    String architecture = metadata.string("general.architecture");
    if (!architecture.equals("llama")) {
      throw metadata.invalid("general.architecture", "is '" + architecture + "'; supported is llama");
    }
    refuse(metadata, "llama.expert_count", 0, "mixtures of experts are not supported");
    refuse(metadata, "split.count", 1, "models in several files are not supported; merge them first");
    int dim = metadata.integerIn("llama.embedding_length", 1, MAX_WIDTH);
    int heads = metadata.integerIn("llama.attention.head_count", 1, MAX_HEADS);
    int kvHeads = metadata.integerIn("llama.attention.head_count_kv", 1, heads, heads);
    if (heads % kvHeads != 0) {
      throw metadata.invalid("llama.attention.head_count_kv", "is " + kvHeads + ", no divisor of the " + heads + " heads");
    }
    int headDim = headDim(metadata, dim, heads);
    metadata.integerIn("llama.vocab_size", vocabulary, vocabulary, vocabulary);
    return new LlamaConfig(metadata.integerIn("llama.block_count", 1, MAX_LAYERS), dim,
        metadata.integerIn("llama.feed_forward_length", 1, MAX_WIDTH), heads, kvHeads, headDim, rotaryDim(metadata, headDim), vocabulary,
        metadata.integerIn("llama.context_length", 1, Integer.MAX_VALUE), epsilon(metadata));
  }

  private static void refuse(GgufMetadata metadata, String key, int limit, String reason) {
    long value = metadata.integer(key, limit);
    if (value > limit) {
      throw metadata.invalid(key, "is " + value + "; " + reason);
    }
  }

  private static int headDim(GgufMetadata metadata, int dim, int heads) {
    String key = "llama.attention.key_length";
    int headDim = metadata.integerIn(key, 2, MAX_HEAD_DIM, dim / heads);
    if (headDim < 2 || headDim % 2 != 0 || headDim > MAX_HEAD_DIM) {
      throw metadata.invalid(key, "gives heads of " + headDim + " elements, expected an even number from 2 to " + MAX_HEAD_DIM);
    }
    if ((long) heads * headDim > MAX_WIDENING * dim) {
      throw metadata.invalid(key, "gives " + heads + " heads of " + headDim + " elements, far wider than the embedding of " + dim);
    }
    metadata.integerIn("llama.attention.value_length", headDim, headDim, headDim);
    return headDim;
  }

  private static int rotaryDim(GgufMetadata metadata, int headDim) {
    int rotaryDim = metadata.integerIn("llama.rope.dimension_count", 2, headDim, headDim);
    if (rotaryDim % 2 != 0) {
      throw metadata.invalid("llama.rope.dimension_count", "is " + rotaryDim + ", expected an even number");
    }
    return rotaryDim;
  }

  private static float epsilon(GgufMetadata metadata) {
    float epsilon = metadata.real("llama.attention.layer_norm_rms_epsilon");
    if (epsilon < 0 || epsilon > 1) {
      throw metadata.invalid("llama.attention.layer_norm_rms_epsilon", "is " + epsilon + ", expected 0 to 1");
    }
    return epsilon;
  }

  /** Elements of the queries of a token. */
  public int queryDim() {
    return heads * headDim;
  }

  /** Elements of the keys, or of the values, of a token. */
  public int kvDim() {
    return kvHeads * headDim;
  }
}

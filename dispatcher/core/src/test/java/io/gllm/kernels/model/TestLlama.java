package io.gllm.kernels.model;

import io.gllm.kernels.gguf.GgufWriter;
import io.gllm.kernels.gguf.SampleVocabularies;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** A small llama model with random weights: written as a file, and evaluated in double precision, straight from the definition. */
final class TestLlama {
  static final int VOCABULARY = 259;
  static final int DIM = 32;
  static final int FEED_FORWARD = 48;
  static final int LAYERS = 2;
  static final int CONTEXT = 520;
  static final double EPSILON = 1e-5f;

  final int heads;
  final int kvHeads;
  final int headDim;
  final int rotaryDim;
  final boolean tied;
  double base = 10_000;
  float[] factors;
  private final Map<String, float[]> weights = new LinkedHashMap<>();
  private final Map<String, long[]> shapes = new LinkedHashMap<>();
  private final Random random = new Random(5);

  TestLlama(int heads, int kvHeads, int headDim, int rotaryDim, boolean tied) {
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.headDim = headDim;
    this.rotaryDim = rotaryDim;
    this.tied = tied;
    add("token_embd.weight", 1, DIM, VOCABULARY);
    add("output_norm.weight", 1, DIM);
    if (!tied) {
      add("output.weight", 0.5, DIM, VOCABULARY);
    }
    for (int layer = 0; layer < LAYERS; layer++) {
      String prefix = "blk." + layer + ".";
      add(prefix + "attn_norm.weight", 1, DIM);
      add(prefix + "attn_q.weight", 0.4, DIM, heads * headDim);
      add(prefix + "attn_k.weight", 0.4, DIM, kvHeads * headDim);
      add(prefix + "attn_v.weight", 0.4, DIM, kvHeads * headDim);
      add(prefix + "attn_output.weight", 0.4, heads * headDim, DIM);
      add(prefix + "ffn_norm.weight", 1, DIM);
      add(prefix + "ffn_gate.weight", 0.4, DIM, FEED_FORWARD);
      add(prefix + "ffn_up.weight", 0.4, DIM, FEED_FORWARD);
      add(prefix + "ffn_down.weight", 0.4, FEED_FORWARD, DIM);
    }
  }

  static TestLlama standard() {
    return new TestLlama(4, 2, 8, 8, false);
  }

  private void add(String name, double size, long... shape) {
    float[] data = new float[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < data.length; i++) {
      data[i] = (float) (size * random.nextGaussian() * (shape.length == 1 ? 0.1 : 1) + (shape.length == 1 ? 1 : 0));
    }
    weights.put(name, data);
    shapes.put(name, shape);
  }

  /** The head of the file without tensors; keys may be added. */
  GgufWriter metadata() {
    GgufWriter writer = new GgufWriter().string("general.architecture", "llama").u32("llama.block_count", LAYERS)
        .u32("llama.context_length", CONTEXT).u32("llama.embedding_length", DIM).u32("llama.feed_forward_length", FEED_FORWARD)
        .u32("llama.attention.head_count", heads).u32("llama.attention.head_count_kv", kvHeads)
        .u32("llama.attention.key_length", headDim).u32("llama.attention.value_length", headDim)
        .u32("llama.rope.dimension_count", rotaryDim).f32("llama.attention.layer_norm_rms_epsilon", (float) EPSILON)
        .f32("llama.rope.freq_base", (float) base);
    return SampleVocabularies.bytePairs(writer, "gpt-2");
  }

  /** The whole file. */
  GgufWriter file() {
    return tensors(metadata());
  }

  GgufWriter tensors(GgufWriter writer) {
    weights.forEach((name, data) -> writer.tensor(name, data, shapes.get(name)));
    if (factors != null) {
      writer.tensor("rope_freqs.weight", factors, factors.length);
    }
    return writer;
  }

  /** Logits after the last of the ids. */
  double[] logits(int... ids) {
    double[][] state = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      state[t] = row("token_embd.weight", ids[t], DIM);
    }
    for (int layer = 0; layer < LAYERS; layer++) {
      attention("blk." + layer + ".", state);
      feedForward("blk." + layer + ".", state);
    }
    return product(tied ? "token_embd.weight" : "output.weight", norm("output_norm.weight", state[ids.length - 1]), VOCABULARY);
  }

  private void attention(String layer, double[][] state) {
    double[][] keys = new double[state.length][];
    double[][] values = new double[state.length][];
    for (int t = 0; t < state.length; t++) {
      double[] x = norm(layer + "attn_norm.weight", state[t]);
      keys[t] = rotate(product(layer + "attn_k.weight", x, kvHeads * headDim), t);
      values[t] = product(layer + "attn_v.weight", x, kvHeads * headDim);
      double[] query = rotate(product(layer + "attn_q.weight", x, heads * headDim), t);
      double[] attended = new double[heads * headDim];
      for (int h = 0; h < heads; h++) {
        attend(query, keys, values, t, h, attended);
      }
      addTo(state[t], product(layer + "attn_output.weight", attended, DIM));
    }
  }

  private void attend(double[] query, double[][] keys, double[][] values, int last, int head, double[] out) {
    int kv = head / (heads / kvHeads) * headDim;
    double[] weight = new double[last + 1];
    double sum = 0;
    for (int t = 0; t <= last; t++) {
      double score = 0;
      for (int i = 0; i < headDim; i++) {
        score += query[head * headDim + i] * keys[t][kv + i];
      }
      weight[t] = Math.exp(score / Math.sqrt(headDim));
      sum += weight[t];
    }
    for (int t = 0; t <= last; t++) {
      for (int i = 0; i < headDim; i++) {
        out[head * headDim + i] += weight[t] / sum * values[t][kv + i];
      }
    }
  }

  private double[] rotate(double[] x, int position) {
    for (int head = 0; head < x.length; head += headDim) {
      for (int i = 0; i < rotaryDim; i += 2) {
        double angle = position * Math.pow(base, -(double) i / rotaryDim) / (factors == null ? 1 : factors[i / 2]);
        double a = x[head + i];
        double b = x[head + i + 1];
        x[head + i] = a * Math.cos(angle) - b * Math.sin(angle);
        x[head + i + 1] = a * Math.sin(angle) + b * Math.cos(angle);
      }
    }
    return x;
  }

  private void feedForward(String layer, double[][] state) {
    for (double[] row : state) {
      double[] x = norm(layer + "ffn_norm.weight", row);
      double[] gate = product(layer + "ffn_gate.weight", x, FEED_FORWARD);
      double[] up = product(layer + "ffn_up.weight", x, FEED_FORWARD);
      for (int i = 0; i < gate.length; i++) {
        gate[i] *= up[i] / (1 + Math.exp(-gate[i]));
      }
      addTo(row, product(layer + "ffn_down.weight", gate, DIM));
    }
  }

  private static void addTo(double[] sum, double[] x) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += x[i];
    }
  }

  private double[] norm(String name, double[] x) {
    double mean = Arrays.stream(x).map(v -> v * v).sum() / x.length;
    double[] weight = row(name, 0, x.length);
    for (int i = 0; i < x.length; i++) {
      weight[i] *= x[i] / Math.sqrt(mean + EPSILON);
    }
    return weight;
  }

  private double[] product(String name, double[] x, int rows) {
    double[] out = new double[rows];
    for (int r = 0; r < rows; r++) {
      double[] w = row(name, r, x.length);
      for (int i = 0; i < x.length; i++) {
        out[r] += w[i] * x[i];
      }
    }
    return out;
  }

  private double[] row(String name, int row, int cols) {
    double[] out = new double[cols];
    for (int i = 0; i < cols; i++) {
      out[i] = weights.get(name)[row * cols + i];
    }
    return out;
  }
}

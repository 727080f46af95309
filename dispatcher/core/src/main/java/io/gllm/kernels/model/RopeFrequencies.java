package io.gllm.kernels.model;

import io.gllm.kernels.gguf.GgufMetadata;

/**
 * By how much each pair of a head turns per position, after whatever scaling the model uses for long contexts: none, linear (Chen
 * et al., 2023), YaRN (Peng et al., 2023) or that of Llama 3.1; files with a tensor {@code rope_freqs.weight} divide by its factors.
 */
final class RopeFrequencies {
  private static final String SCALING = "llama.rope.scaling.";

  private final GgufMetadata metadata;
  private final double base;
  private final double[] frequencies;
  private double magnitude = 1;

  /**
   * Frequencies of {@code pairs} pairs.
   *
   * @param factors divisors from the file, or null
   */
  RopeFrequencies(GgufMetadata metadata, int pairs, float[] factors) {
    this.metadata = metadata;
    this.base = positive("llama.rope.freq_base", 10_000f);
    if (base <= 1) {
      throw metadata.invalid("llama.rope.freq_base", "is " + base + ", expected more than 1");
    }
    this.frequencies = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      frequencies[i] = Math.pow(base, -(double) i / pairs) / (factors == null ? 1 : factors[i]);
    }
    scale();
  }

  /** Angle per position of pair {@code i}. */
  double of(int i) {
    return frequencies[i];
  }

  /** Factor of sines and cosines; not 1 only for YaRN. */
  double magnitude() {
    return magnitude;
  }

  private void scale() {
    String kind = metadata.string(SCALING + "type", metadata.contains("llama.rope.scale_linear") ? "linear" : "none");
    switch (kind) {
      case "none" -> {
      }
      case "linear" -> linear(factor());
      case "yarn" -> yarn(factor());
      case "llama3" -> llama3(factor());
      default -> throw metadata.invalid(SCALING + "type", "is '" + kind + "'; supported are none, linear, yarn and llama3");
    }
  }

  private double factor() {
    return positive(SCALING + "factor", metadata.real("llama.rope.scale_linear", 1f));
  }

  private double positive(String key, float otherwise) {
    float value = metadata.real(key, otherwise);
    if (!(value > 0)) {
      throw metadata.invalid(key, "is " + value + ", expected a positive number");
    }
    return value;
  }

  private double originalContext() {
    return metadata.integerIn(SCALING + "original_context_length", 1, Integer.MAX_VALUE);
  }

  private void linear(double factor) {
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] /= factor;
    }
  }

  /** Slow pairs are interpolated, fast ones kept, those between blended; attention is sharpened by the magnitude. */
  private void yarn(double factor) {
    double context = originalContext();
    double low = Math.max(0, Math.floor(pairThatTurns(positive(SCALING + "yarn_beta_fast", 32f), context)));
    double high = Math.min(2 * frequencies.length - 1, Math.ceil(pairThatTurns(positive(SCALING + "yarn_beta_slow", 1f), context)));
    for (int i = 0; i < frequencies.length; i++) {
      double kept = 1 - Math.clamp((i - low) / Math.max(0.001, high - low), 0, 1);
      frequencies[i] *= kept + (1 - kept) / factor;
    }
    magnitude = positive(SCALING + "attn_factor", 1f) * (1 + 0.1 * Math.log(factor));
  }

  /** The pair that makes {@code turns} turns over the original context. */
  private double pairThatTurns(double turns, double context) {
    return frequencies.length * Math.log(context / (turns * 2 * Math.PI)) / Math.log(base);
  }

  /** By wavelength: long ones are interpolated, short ones kept, those between blended. */
  private void llama3(double factor) {
    double context = originalContext();
    double low = positive(SCALING + "low_freq_factor", 1f);
    double high = positive(SCALING + "high_freq_factor", 4f);
    for (int i = 0; i < frequencies.length; i++) {
      double turns = context * frequencies[i] / (2 * Math.PI);
      double kept = high > low ? Math.clamp((turns - low) / (high - low), 0, 1) : turns > low ? 1 : 0;
      frequencies[i] *= kept + (1 - kept) / factor;
    }
  }
}

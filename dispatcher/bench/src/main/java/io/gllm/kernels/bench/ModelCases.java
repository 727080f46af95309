package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.gguf.GgufFile;
import io.gllm.kernels.gguf.GgufTensor;
import io.gllm.kernels.model.GenerationOptions;
import io.gllm.kernels.model.LlamaModel;
import io.gllm.kernels.model.ModelOptions;
import java.nio.file.Path;
import java.util.List;

/**
 * A whole model: tokens of a prompt and tokens of an answer in a second. Decoding reads every weight once for each token, so its
 * limit is the speed of memory; a prompt reads them once for all its tokens, so that its limit is arithmetic.
 */
final class ModelCases {
  static final String SUITE = "model";

  private static final int PROMPT = 512;
  private static final int ANSWER = 64;

  /** Start tokens that are tried for a text that does not end too early. */
  private static final int MOST_STARTS = 64;

  private static final int MOST_NAME = 60;

  /**
   * What the file says of the sizes that count.
   *
   * @param name name of the model
   * @param type element type of the matrices
   * @param layers elements of the matrices of all layers
   * @param output elements of the matrix that gives logits
   * @param bytes bytes of all these
   * @param attention elements of the queries of a token, over all layers
   * @param cache elements of keys and values of a token, over all layers
   * @param context tokens that the model takes
   */
  private record Sizes(String name, ElementType type, double layers, double output, double bytes, double attention, double cache,
      int context) {
    /** Two for each weight, and four for each pair of tokens and element of the query. */
    double flops(int tokens, int logits) {
      return 2 * layers * tokens + 2 * output * logits + 4 * attention * pairs(tokens);
    }

    /** Pairs of a token and one it sees: itself and those before. */
    static double pairs(int tokens) {
      return tokens * (tokens + 1.0) / 2;
    }

    double cacheBytes() {
      return (type instanceof QuantFormat ? 2 : 4) * cache;
    }
  }

  private ModelCases() {}

  /**
   * A prompt and an answer.
   *
   * @throws IllegalArgumentException if there is no file
   * @throws io.gllm.kernels.gguf.GgufException if it is damaged or no llama model
   */
  static List<BenchCase> of(Path file) {
    if (file == null) {
      throw new IllegalArgumentException("the suite '" + SUITE + "' needs a model file");
    }
    Sizes sizes = read(file);
    return List.of(prefill(file, sizes, Math.min(PROMPT, sizes.context() - 1)), decode(file, sizes, Math.min(ANSWER, sizes.context() - 1)));
  }

  private static Sizes read(Path path) {
    try (GgufFile file = GgufFile.open(path)) {
      String output = file.hasTensor("output.weight") ? "output.weight" : "token_embd.weight";
      double layers = 0;
      double bytes = file.tensor(output).byteSize();
      double queries = 0;
      double cache = 0;
      for (GgufTensor tensor : file.tensors()) {
        if (tensor.name().startsWith("blk.") && tensor.dims().length == 2) {
          layers += tensor.elements();
          bytes += tensor.byteSize();
          queries += tensor.name().endsWith(".attn_q.weight") ? tensor.dim(1) : 0;
          cache += tensor.name().endsWith(".attn_k.weight") ? 2 * tensor.dim(1) : 0;
        }
      }
      return new Sizes(name(file), file.tensor("blk.0.attn_q.weight").type(), layers, file.tensor(output).elements(), bytes, queries, cache,
          file.metadata().integerIn("llama.context_length", 2, Integer.MAX_VALUE));
    }
  }

  /** The model's own name, as far as it can be printed: the name of the file may be one of the moment. */
  private static String name(GgufFile file) {
    String name = file.metadata().string("general.name", file.name()).replaceAll("[^\\p{L}\\p{N}._-]+", "-");
    return name.length() > MOST_NAME ? name.substring(0, MOST_NAME) : name;
  }

  private static BenchCase prefill(Path file, Sizes sizes, int tokens) {
    double bytes = sizes.bytes() + sizes.cacheBytes() * tokens;
    return BenchCase.model(SUITE, "prefill", sizes.type(), sizes.name() + " tokens=" + tokens,
        new Work(sizes.flops(tokens, 1), bytes, tokens), roof(sizes), (kernels, operands) -> {
          LlamaModel model = load(kernels, operands, file, tokens);
          int[] ids = new int[tokens];
          for (int i = 0; i < tokens; i++) {
            ids[i] = i % model.config().vocabulary();
          }
          return () -> model.logits(ids);
        });
  }

  /** One token of prompt, and as many passes as tokens are generated. */
  private static BenchCase decode(Path file, Sizes sizes, int tokens) {
    double bytes = sizes.bytes() * tokens + sizes.cacheBytes() * Sizes.pairs(tokens);
    return BenchCase.model(SUITE, "decode", sizes.type(), sizes.name() + " tokens=" + tokens,
        new Work(sizes.flops(tokens, tokens), bytes, tokens), roof(sizes), (kernels, operands) -> {
          LlamaModel model = load(kernels, operands, file, tokens);
          int[] start = start(model, tokens);
          return () -> model.generate(start, GenerationOptions.greedy(tokens), id -> {});
        });
  }

  /** Loops that go through as much memory as the weights. */
  private static Roof roof(Sizes sizes) {
    return sizes.type() instanceof QuantFormat ? Roof.integerProduct(sizes.bytes()) : Roof.floatProduct(sizes.bytes());
  }

  private static LlamaModel load(KernelDispatcher kernels, Operands operands, Path file, int tokens) {
    LlamaModel model = LlamaModel.load(kernels, file, new ModelOptions(tokens, null));
    operands.onClose(model::close);
    return model;
  }

  /** A token after which the model does not end its text before all tokens are there. */
  private static int[] start(LlamaModel model, int tokens) {
    for (int id = 0; id < Math.min(MOST_STARTS, model.config().vocabulary()); id++) {
      int[] start = {id};
      if (model.generate(start, GenerationOptions.greedy(tokens), next -> {}).ids().length == tokens) {
        return start;
      }
    }
    throw new BenchCase.CannotRun("the model ends its texts before " + tokens + " tokens");
  }
}

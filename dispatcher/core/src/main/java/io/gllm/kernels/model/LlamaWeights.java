package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.gguf.GgufException;
import io.gllm.kernels.gguf.GgufFile;
import io.gllm.kernels.gguf.GgufTensor;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * The weights of a llama model, each tensor checked for its shape and type before it is used. Matrices are packed for the device;
 * the embedding table stays in the mapped file where the device reads host memory. A tensor that this architecture does not have
 * is an error: ignoring it would give wrong text.
 */
final class LlamaWeights {
  private static final String ROPE_FACTORS = "rope_freqs.weight";

  private final KernelDispatcher kernels;
  private final OwnedBuffers memory;
  private final GgufFile file;
  private final Set<String> used = new HashSet<>();
  private final Buffer embedding;
  private final List<LlamaLayer> layers = new ArrayList<>();
  private final Buffer outputNorm;
  private final WeightMatrix output;
  private final float[] ropeFactors;

  LlamaWeights(KernelDispatcher kernels, OwnedBuffers memory, GgufFile file, LlamaConfig config) {
    this.kernels = kernels;
    this.memory = memory;
    this.file = file;
    checkShapes(config);
    this.embedding = table("token_embd.weight");
    for (int i = 0; i < config.layers(); i++) {
      layers.add(layer("blk." + i + ".", config));
    }
    this.outputNorm = norm("output_norm.weight");
    String outputName = file.hasTensor("output.weight") ? "output.weight" : "token_embd.weight";
    this.output = matrix(outputName, config.vocabulary(), config.dim());
    this.ropeFactors = file.hasTensor(ROPE_FACTORS) ? factors(file.tensor(ROPE_FACTORS)) : null;
  }

  Buffer embedding() {
    return embedding;
  }

  List<LlamaLayer> layers() {
    return layers;
  }

  Buffer outputNorm() {
    return outputNorm;
  }

  WeightMatrix output() {
    return output;
  }

  /** Divisors of the rotary frequencies, or null. */
  float[] ropeFactors() {
    return ropeFactors;
  }

  /** Whether the matrices of the layers are quantised. */
  boolean isQuantised() {
    return layers.getFirst().query().weights().type() instanceof QuantFormat;
  }

  /** Before anything is allocated: every tensor there, of its shape, and no other. */
  private void checkShapes(LlamaConfig c) {
    require("token_embd.weight", c.dim(), c.vocabulary());
    require("output_norm.weight", c.dim());
    if (file.hasTensor("output.weight")) {
      require("output.weight", c.dim(), c.vocabulary());
    }
    if (file.hasTensor(ROPE_FACTORS)) {
      require(ROPE_FACTORS, c.rotaryDim() / 2);
    }
    for (int i = 0; i < c.layers(); i++) {
      String layer = "blk." + i + ".";
      require(layer + "attn_norm.weight", c.dim());
      require(layer + "attn_q.weight", c.dim(), c.queryDim());
      require(layer + "attn_k.weight", c.dim(), c.kvDim());
      require(layer + "attn_v.weight", c.dim(), c.kvDim());
      require(layer + "attn_output.weight", c.queryDim(), c.dim());
      require(layer + "ffn_norm.weight", c.dim());
      require(layer + "ffn_gate.weight", c.dim(), c.feedForward());
      require(layer + "ffn_up.weight", c.dim(), c.feedForward());
      require(layer + "ffn_down.weight", c.feedForward(), c.dim());
    }
    for (GgufTensor tensor : file.tensors()) {
      if (!used.contains(tensor.name())) {
        throw bad(tensor, "is not part of a llama model of " + c.layers() + " layers");
      }
    }
  }

  private void require(String name, long... dims) {
    GgufTensor tensor = file.tensor(name);
    if (!Arrays.equals(tensor.dims(), dims)) {
      throw bad(tensor, "has shape " + Arrays.toString(tensor.dims()) + ", expected " + Arrays.toString(dims));
    }
    used.add(name);
  }

  private LlamaLayer layer(String prefix, LlamaConfig c) {
    return new LlamaLayer(norm(prefix + "attn_norm.weight"), matrix(prefix + "attn_q.weight", c.queryDim(), c.dim()),
        matrix(prefix + "attn_k.weight", c.kvDim(), c.dim()), matrix(prefix + "attn_v.weight", c.kvDim(), c.dim()),
        matrix(prefix + "attn_output.weight", c.dim(), c.queryDim()), norm(prefix + "ffn_norm.weight"),
        matrix(prefix + "ffn_gate.weight", c.feedForward(), c.dim()), matrix(prefix + "ffn_up.weight", c.feedForward(), c.dim()),
        matrix(prefix + "ffn_down.weight", c.dim(), c.feedForward()));
  }

  private WeightMatrix matrix(String name, int n, int k) {
    GgufTensor tensor = typed(name, PackB.OP);
    return new WeightMatrix(memory.keep(onDevice(tensor, w -> kernels.packWeights(w, n, k, true))), n, k);
  }

  /** Uses a tensor where the device reads it: in the mapped file if it can, or in a copy that is freed afterwards. */
  private <R> R onDevice(GgufTensor tensor, Function<Buffer, R> use) {
    if (kernels.usesHostMemory()) {
      return use.apply(tensor.buffer());
    }
    try (Buffer there = kernels.share(tensor.segment(), tensor.type())) {
      return use.apply(there);
    }
  }

  private Buffer table(String name) {
    GgufTensor tensor = typed(name, Embedding.OP);
    return kernels.usesHostMemory() ? tensor.buffer() : memory.keep(kernels.share(tensor.segment(), tensor.type()));
  }

  private GgufTensor typed(String name, Op<?> op) {
    GgufTensor tensor = file.tensor(name);
    ElementType type = tensor.type();
    if (!op.types().contains(type)) {
      throw bad(tensor, "is " + type.label() + "; supported here are " + op.types());
    }
    return tensor;
  }

  /** Norm weights are f32 as the state is. */
  private Buffer norm(String name) {
    GgufTensor tensor = file.tensor(name);
    if (!(tensor.type() instanceof DType type && type.isFloat())) {
      throw bad(tensor, "is " + tensor.type().label() + "; norms are f32, f16 or bf16");
    }
    Buffer weights = memory.allocate(DType.F32, tensor.elements());
    return onDevice(tensor, w -> {
      kernels.cast(w, weights, tensor.elements());
      return weights;
    });
  }

  private static float[] factors(GgufTensor tensor) {
    if (tensor.type() != DType.F32) {
      throw new GgufException(tensor.file(), tensor.fileOffset(), "tensor '" + tensor.name() + "' must be f32");
    }
    float[] factors = tensor.segment().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    for (float factor : factors) {
      if (!(factor > 0 && factor < Float.POSITIVE_INFINITY)) {
        throw bad(tensor, "has a factor of " + factor);
      }
    }
    return factors;
  }

  private static GgufException bad(GgufTensor tensor, String problem) {
    return new GgufException(tensor.file(), tensor.fileOffset(), "tensor '" + tensor.name() + "' " + problem);
  }
}

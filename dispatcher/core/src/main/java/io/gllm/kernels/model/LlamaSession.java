package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.api.op.RopeShape;
import java.lang.foreign.MemorySegment;

/**
 * One sequence on its way through the model: its cache, and the buffers of a pass, all made once. A pass takes up to
 * {@link #BLOCK} tokens; a pass of one token allocates nothing.
 */
final class LlamaSession implements AutoCloseable {
  /** Tokens of a prefill pass: what the matrix kernels take at once. Weights are unpacked once for all of them (12 % faster than 128). */
  static final int BLOCK = 512;

  private final KernelDispatcher kernels;
  private final LlamaConfig config;
  private final LlamaWeights weights;
  private final RopeTables rope;
  private final KvCache cache;
  private final int capacity;
  private final RopeShape queryRope;
  private final RopeShape keyRope;
  private final PagedShape decodeShape;
  private final RecordedSteps recorded; // null if steps are launched kernel by kernel

  private final Buffer ids;
  private final Buffer token;
  private final Buffer state;
  private final Buffer delta;
  private final Buffer query;
  private final Buffer key;
  private final Buffer value;
  private final Buffer up;
  private final Buffer logits;
  private final Activations normed;
  private final Activations attended;
  private final Activations gated;
  private int length;
  private boolean choosing = true;

  LlamaSession(KernelDispatcher kernels, OwnedBuffers memory, LlamaConfig config, LlamaWeights weights, RopeTables rope, KvCache cache,
      int capacity, boolean recorded) {
    this.kernels = kernels;
    this.config = config;
    this.weights = weights;
    this.rope = rope;
    this.cache = cache;
    this.capacity = capacity;
    this.queryRope = new RopeShape(config.heads(), config.headDim(), config.rotaryDim(), RopeLayout.INTERLEAVED);
    this.keyRope = new RopeShape(config.kvHeads(), config.headDim(), config.rotaryDim(), RopeLayout.INTERLEAVED);
    this.decodeShape = shape(1);
    int rows = Math.min(BLOCK, capacity);
    this.ids = memory.allocate(DType.I32, rows);
    this.token = memory.allocate(DType.I32, 1);
    this.state = memory.allocate(DType.F32, (long) rows * config.dim());
    this.delta = memory.allocate(DType.F32, (long) rows * config.dim());
    this.query = memory.allocate(DType.F32, (long) rows * config.queryDim());
    this.key = memory.allocate(DType.F32, (long) rows * config.kvDim());
    this.value = memory.allocate(DType.F32, (long) rows * config.kvDim());
    this.up = memory.allocate(DType.F32, (long) rows * config.feedForward());
    this.logits = memory.allocate(DType.F32, config.vocabulary());
    this.normed = new Activations(kernels, memory, rows, config.dim());
    this.attended = new Activations(kernels, memory, rows, config.queryDim());
    this.gated = new Activations(kernels, memory, rows, config.feedForward());
    this.recorded = recorded ? RecordedSteps.open(kernels, memory, cache, this::step) : null;
  }

  private PagedShape shape(int queries) {
    float scale = (float) (1 / Math.sqrt(config.headDim()));
    return new PagedShape(1, queries, config.heads(), config.kvHeads(), config.headDim(), KvCache.PAGE, cache.columns(), scale);
  }

  /** Tokens of the sequence so far. */
  int length() {
    return length;
  }

  int capacity() {
    return capacity;
  }

  /** Logits of the token after the sequence, f32 [vocabulary]. */
  Buffer logits() {
    return logits;
  }

  /** The id that {@link #decode} appends, i32 [1]: the most likely one, or what a sampler writes. */
  Buffer token() {
    return token;
  }

  /** Starts a new sequence. */
  void clear() {
    length = 0;
    cache.clear();
    if (recorded != null) {
      recorded.clear();
    }
  }

  /** Whether every pass finds the most likely token, which a sampler has no use for. */
  void choosesLikely(boolean wanted) {
    if (wanted != choosing) {
      choosing = wanted;
      if (recorded != null) {
        recorded.forget();
      }
    }
  }

  /** Appends tokens, in blocks; the logits are those after the last one. */
  void prefill(int[] tokens) {
    cache.reserve();
    MemorySegment all = MemorySegment.ofArray(tokens);
    for (int start = 0; start < tokens.length; start += BLOCK) {
      int count = Math.min(BLOCK, tokens.length - start);
      kernels.write(ids, all.asSlice((long) start * Integer.BYTES, (long) count * Integer.BYTES));
      pass(ids, count, cache.positions(length, count), cache.slots(length, count), cache.length(length + count - 1),
          count == 1 ? decodeShape : shape(count));
      length += count;
      if (start + count == tokens.length) {
        long last = (count - 1L) * config.dim();
        project(state.slice(last, config.dim()), delta.slice(last, config.dim()));
      }
    }
  }

  /** Appends the id in {@link #token}: nothing crosses from the host. */
  void decode() {
    if (recorded != null) {
      recorded.run(length);
    } else {
      step(cache.positions(length, 1), cache.slots(length, 1), cache.length(length));
    }
    length++;
  }

  private void step(Buffer position, Buffer slot, Buffer after) {
    pass(token, 1, position, slot, after, decodeShape);
    project(state, delta);
  }

  private void pass(Buffer tokens, int count, Buffer positions, Buffer slots, Buffer after, PagedShape shape) {
    int dim = config.dim();
    kernels.embedding(weights.embedding(), tokens, state, count, config.vocabulary(), dim);
    for (int i = 0; i < config.layers(); i++) {
      LlamaLayer layer = weights.layers().get(i);
      if (i == 0) {
        kernels.rmsNorm(state, layer.attentionNorm(), normed.overwrite(count), count, dim, config.epsilon());
      } else {
        addAndNorm(layer.attentionNorm(), count);
      }
      queryKeyValue(layer, count, positions);
      attend(layer, i, count, slots, after, shape);
      addAndNorm(layer.feedForwardNorm(), count);
      feedForward(layer, count);
    }
  }

  /** state += delta; normed = norm(state). */
  private void addAndNorm(Buffer weight, int count) {
    kernels.rmsNormResidual(state, delta, weight, state, normed.overwrite(count), count, config.dim(), config.epsilon());
  }

  private void queryKeyValue(LlamaLayer layer, int count, Buffer positions) {
    layer.query().apply(kernels, normed, query, count);
    layer.key().apply(kernels, normed, key, count);
    layer.value().apply(kernels, normed, value, count);
    kernels.ropeWithPositions(query, positions, rope.cosines(), rope.sines(), count, queryRope);
    kernels.ropeWithPositions(key, positions, rope.cosines(), rope.sines(), count, keyRope);
  }

  private void attend(LlamaLayer layer, int index, int count, Buffer slots, Buffer after, PagedShape shape) {
    Buffer keys = cache.keys(index);
    Buffer values = cache.values(index);
    kernels.kvAppend(key, value, slots, keys, values, count, config.kvDim());
    kernels.pagedAttention(query, keys, values, cache.table(), after, attended.overwrite(count), null, shape);
    layer.attentionOutput().apply(kernels, attended, delta, count);
  }

  private void feedForward(LlamaLayer layer, int count) {
    Buffer gate = gated.overwrite(count);
    layer.gate().apply(kernels, normed, gate, count);
    layer.up().apply(kernels, normed, up, count);
    kernels.swiglu(gate, up, gate, (long) count * config.feedForward());
    layer.down().apply(kernels, gated, delta, count);
  }

  /** From one row of the state to logits, and to the most likely token where that is wanted. */
  private void project(Buffer row, Buffer rowDelta) {
    kernels.rmsNormResidual(row, rowDelta, weights.outputNorm(), row, normed.overwrite(1), 1, config.dim(), config.epsilon());
    weights.output().apply(kernels, normed, logits, 1);
    if (choosing) {
      kernels.argmax(logits, token, 1, config.vocabulary());
    }
  }

  /** Gives up what was recorded. */
  @Override
  public void close() {
    if (recorded != null) {
      recorded.close();
    }
  }
}

package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.AttentionShape;

/**
 * The interface that the tuned kernels for attention of many queries have in common, on every backend: which shapes they take, and in
 * which order operands and numbers come.
 *
 * @param launcher whose kernels are launched
 * @param tile queries of a group
 * @param most elements of an operand stay below
 */
public record TunedAttention(Launcher launcher, int tile, long most) {
  /** Fewer are better spread over groups by their keys, as the portable kernel does. */
  public static final int LEAST_QUERIES = 4;
  private static final int UNUSED = 0;
  private static final long MOST_GROUPS = 65535;

  /** Whether a shape is large enough to be worth it, and small enough for a grid and for indices. */
  public boolean fits(AttentionShape shape) {
    boolean many = shape.batch() >= 1 && shape.queries() >= LEAST_QUERIES && shape.keys() >= 1;
    boolean inGrid = shape.batch() <= MOST_GROUPS && shape.heads() <= MOST_GROUPS && shape.queries() / tile < MOST_GROUPS;
    return many && inGrid && shape.batch() * queryBatch(shape) < most && shape.batch() * keyBatch(shape) < most;
  }

  private static long queryBatch(AttentionShape shape) {
    return (long) shape.heads() * shape.queries() * shape.headDim();
  }

  private static long keyBatch(AttentionShape shape) {
    return (long) shape.kvHeads() * shape.keys() * shape.headDim();
  }

  /** Binds the operands and launches. */
  public void run(Launch launch, Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
    long dim = shape.headDim();
    boolean headsFirst = shape.layout() == AttentionLayout.BHSD;
    long elements = shape.batch() * queryBatch(shape);
    launch.buffer(q, elements).buffer(k, shape.batch() * keyBatch(shape)).buffer(v, shape.batch() * keyBatch(shape));
    optional(launch, mask, (long) shape.queries() * shape.keys());
    launch.buffer(out, elements);
    optional(launch, lse, elements / dim);
    launch.value(shape.queries()).value(shape.keys()).value(shape.heads() / shape.kvHeads());
    launch.value(shape.causal() ? 1 : 0).value(mask == null ? 0 : 1).value(lse == null ? 0 : 1);
    launch.value(queryBatch(shape)).value(headsFirst ? shape.queries() * dim : dim).value(headsFirst ? dim : shape.heads() * dim);
    launch.value(keyBatch(shape)).value(headsFirst ? shape.keys() * dim : dim).value(headsFirst ? dim : shape.kvHeads() * dim);
    launch.value(shape.scale()).grid((shape.queries() + tile - 1) / tile, shape.heads(), shape.batch());
  }

  /** Hands on a buffer, or a word that is not used. */
  private void optional(Launch launch, Buffer buffer, long elements) {
    if (buffer == null) {
      Buffer word = launcher.scratch(UNUSED, 4);
      launch.words(word.memory(), word.byteOffset(), 1);
    } else {
      launch.buffer(buffer, elements);
    }
  }
}

package io.gllm.kernels.cuda;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/** Attention of many queries over contiguous keys and values of 16 bits on tensor cores (mma_attention.cu). */
final class CudaFlashAttention implements FlashAttention.Kernel {
  /** Larger heads would leave the registers of a warp no room for scores. */
  private static final List<Integer> HEAD_DIMS = List.of(64, 80, 96, 128);
  private static final int UNUSED = 0;
  /** Fewer are better spread over groups by their keys, as the portable kernel does. */
  private static final int LEAST_QUERIES = 4;
  /** Queries of a group. */
  private static final int TILE = 64;
  private static final long MOST_GROUPS = 65535;
  private static final long MOST = 1L << 32;

  private final Launcher launcher;
  private final FlashAttention.Kernel next;
  private final TunedLaunch[] launches = new TunedLaunch[HEAD_DIMS.size()];

  CudaFlashAttention(Launcher launcher, ElementType type, FlashAttention.Kernel next) {
    this.launcher = launcher;
    this.next = next;
    for (int i = 0; i < launches.length; i++) {
      launches[i] = new TunedLaunch(launcher, symbols(type).get(i));
    }
  }

  static List<String> symbols(ElementType type) {
    return HEAD_DIMS.stream().map(dim -> "mma_attention_" + dim + "_" + type.label()).toList();
  }

  @Override
  public void run(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
    TunedLaunch tuned = tuned(shape.headDim());
    if (tuned != null && fits(k, v, shape) && tuned.isGood()) {
      run(tuned.launch(), q, k, v, mask, out, lse, shape);
    } else {
      next.run(q, k, v, mask, out, lse, shape);
    }
  }

  private TunedLaunch tuned(int headDim) {
    return switch (headDim) {
      case 64 -> launches[0];
      case 80 -> launches[1];
      case 96 -> launches[2];
      case 128 -> launches[3];
      default -> null;
    };
  }

  private static boolean fits(Buffer k, Buffer v, AttentionShape shape) {
    boolean many = shape.batch() >= 1 && shape.queries() >= LEAST_QUERIES && shape.keys() >= 1;
    boolean inGrid = shape.batch() <= MOST_GROUPS && shape.heads() <= MOST_GROUPS && shape.queries() / TILE < MOST_GROUPS;
    boolean inRange = shape.batch() * queryBatch(shape) < MOST && shape.batch() * keyBatch(shape) < MOST;
    return many && inGrid && inRange && ((k.address() | v.address()) & 15) == 0;
  }

  private static long queryBatch(AttentionShape shape) {
    return (long) shape.heads() * shape.queries() * shape.headDim();
  }

  private static long keyBatch(AttentionShape shape) {
    return (long) shape.kvHeads() * shape.keys() * shape.headDim();
  }

  private void run(Launch launch, Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
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
    launch.value(shape.scale()).grid((shape.queries() + TILE - 1) / TILE, shape.heads(), shape.batch());
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

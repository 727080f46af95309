package io.gllm.kernels.metal;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/** Attention of many queries over contiguous keys and values by matrices of SIMD groups (simd_attention.gk). */
final class MetalFlashAttention implements FlashAttention.Kernel {
  private static final int UNUSED = 0;
  private static final List<Integer> DIMS = List.of(64, 80, 96, 128, 256);
  private static final int MOST_DIM = 256;
  /** Fewer are better spread over groups by their keys, as the portable kernel does. */
  static final int LEAST_QUERIES = 4;
  /** Queries of a group. */
  private static final int TILE = 32;
  private static final long MOST_GROUPS = 65535;
  private static final long MOST = 1L << 30;

  private final Launcher launcher;
  private final FlashAttention.Kernel next;
  private final TunedLaunch[] ofDim = new TunedLaunch[MOST_DIM / 16 + 1];

  MetalFlashAttention(Launcher launcher, ElementType type, FlashAttention.Kernel next) {
    this.launcher = launcher;
    this.next = next;
    for (int dim : DIMS) {
      ofDim[dim / 16] = new TunedLaunch(launcher, symbol(dim, type));
    }
  }

  static List<String> symbols(ElementType type) {
    return DIMS.stream().map(dim -> symbol(dim, type)).toList();
  }

  private static String symbol(int dim, ElementType type) {
    return "simd_attention_" + dim + "_" + type.label();
  }

  @Override
  public void run(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
    TunedLaunch tuned = shape.headDim() % 16 == 0 ? ofDim[shape.headDim() / 16] : null;
    if (tuned != null && fits(q, k, v, out, shape) && wholeWords(mask, lse) && tuned.isGood()) {
      run(tuned.launch(), q, k, v, mask, out, lse, shape);
    } else {
      next.run(q, k, v, mask, out, lse, shape);
    }
  }

  private static boolean fits(Buffer q, Buffer k, Buffer v, Buffer out, AttentionShape shape) {
    boolean many = shape.batch() >= 1 && shape.queries() >= LEAST_QUERIES && shape.keys() >= 1;
    boolean inGrid = shape.batch() <= MOST_GROUPS && shape.heads() <= MOST_GROUPS && shape.queries() / TILE < MOST_GROUPS;
    boolean inRange = shape.batch() * queryBatch(shape) < MOST && shape.batch() * keyBatch(shape) < MOST
        && (long) shape.queries() * shape.keys() < MOST;
    boolean inPlace = TunedLaunch.begins(q, 4) && TunedLaunch.begins(out, 4) && TunedLaunch.begins(k, 16) && TunedLaunch.begins(v, 16);
    return many && inGrid && inRange && inPlace;
  }

  private static boolean wholeWords(Buffer mask, Buffer lse) {
    return (mask == null || TunedLaunch.begins(mask, 4)) && (lse == null || TunedLaunch.begins(lse, 4));
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

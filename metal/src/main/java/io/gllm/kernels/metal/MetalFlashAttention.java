package io.gllm.kernels.metal;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedAttention;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/** Attention of many queries over contiguous keys and values by matrices of SIMD groups (simd_attention.gk). */
final class MetalFlashAttention implements FlashAttention.Kernel {
  private static final List<Integer> DIMS = List.of(64, 80, 96, 128, 256);
  private static final int MOST_DIM = 256;
  /** Queries of a group. */
  private static final int TILE = 32;
  private static final long MOST = 1L << 30;

  private final TunedAttention attention;
  private final FlashAttention.Kernel next;
  private final TunedLaunch[] ofDim = new TunedLaunch[MOST_DIM / 16 + 1];

  MetalFlashAttention(Launcher launcher, ElementType type, FlashAttention.Kernel next) {
    attention = new TunedAttention(launcher, TILE, MOST);
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
      attention.run(tuned.launch(), q, k, v, mask, out, lse, shape);
    } else {
      next.run(q, k, v, mask, out, lse, shape);
    }
  }

  private boolean fits(Buffer q, Buffer k, Buffer v, Buffer out, AttentionShape shape) {
    boolean inPlace = TunedLaunch.begins(q, 4) && TunedLaunch.begins(out, 4) && TunedLaunch.begins(k, 16) && TunedLaunch.begins(v, 16);
    return attention.fits(shape) && (long) shape.queries() * shape.keys() < MOST && inPlace;
  }

  private static boolean wholeWords(Buffer mask, Buffer lse) {
    return (mask == null || TunedLaunch.begins(mask, 4)) && (lse == null || TunedLaunch.begins(lse, 4));
  }
}

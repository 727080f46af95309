package io.gllm.kernels.cuda;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedAttention;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/** Attention of many queries over contiguous keys and values of 16 bits on tensor cores (mma_attention.cu). */
final class CudaFlashAttention implements FlashAttention.Kernel {
  /** Larger heads would leave the registers of a warp no room for scores. */
  private static final List<Integer> HEAD_DIMS = List.of(64, 80, 96, 128);
  /** Queries of a group. */
  private static final int TILE = 64;
  private static final long MOST = 1L << 32;

  private final TunedAttention attention;
  private final FlashAttention.Kernel next;
  private final TunedLaunch[] launches = new TunedLaunch[HEAD_DIMS.size()];

  CudaFlashAttention(Launcher launcher, ElementType type, FlashAttention.Kernel next) {
    attention = new TunedAttention(launcher, TILE, MOST);
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
    if (tuned != null && attention.fits(shape) && TunedLaunch.begins(k, 16) && TunedLaunch.begins(v, 16) && tuned.isGood()) {
      attention.run(tuned.launch(), q, k, v, mask, out, lse, shape);
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
}

package io.gllm.kernels.rocm;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedAttention;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/** Attention of many queries over contiguous keys and values of 16 bits with matrix instructions (matrix_attention.hip). */
final class RocmFlashAttention implements FlashAttention.Kernel {
  /** Queries of a group. */
  private static final int TILE = 64;
  private static final long MOST = 1L << 32;

  private final TunedAttention attention;
  private final FlashAttention.Kernel next;
  private final TunedLaunch dim64;
  private final TunedLaunch dim128;

  RocmFlashAttention(Launcher launcher, ElementType type, FlashAttention.Kernel next) {
    attention = new TunedAttention(launcher, TILE, MOST);
    this.next = next;
    dim64 = new TunedLaunch(launcher, symbols(type).get(0));
    dim128 = new TunedLaunch(launcher, symbols(type).get(1));
  }

  static List<String> symbols(ElementType type) {
    return List.of("matrix_attention_64_" + type.label(), "matrix_attention_128_" + type.label());
  }

  @Override
  public void run(Buffer q, Buffer k, Buffer v, Buffer mask, Buffer out, Buffer lse, AttentionShape shape) {
    TunedLaunch tuned = shape.headDim() == 64 ? dim64 : shape.headDim() == 128 ? dim128 : null;
    if (tuned != null && attention.fits(shape) && TunedLaunch.begins(k, 16) && TunedLaunch.begins(v, 16) && tuned.isGood()) {
      attention.run(tuned.launch(), q, k, v, mask, out, lse, shape);
    } else {
      next.run(q, k, v, mask, out, lse, shape);
    }
  }
}

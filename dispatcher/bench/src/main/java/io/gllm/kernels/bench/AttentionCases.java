package io.gllm.kernels.bench;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.op.AttentionShape;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;

/** Cases of attention and its cache. */
final class AttentionCases {
  private static final int PAGE = 16;

  private AttentionCases() {}

  /** Causal attention of a prompt; the operations of the pairs that are seen, a little over half of all. */
  static BenchCase prefill(String suite, DType type, int heads, int kvHeads, int tokens, int headDim) {
    AttentionShape shape = new AttentionShape(1, heads, kvHeads, tokens, tokens, headDim, AttentionLayout.BHSD, true,
        (float) (1 / Math.sqrt(headDim)));
    double flops = FlashAttention.flops(shape) * (tokens + 1.0) / (2.0 * tokens);
    long q = (long) heads * tokens * headDim;
    long kv = (long) kvHeads * tokens * headDim;
    double bytes = 8.0 * q + 2.0 * type.bytesFor(kv);
    String sizes = "heads=" + heads + "/" + kvHeads + " tokens=" + tokens + " dim=" + headDim + " causal";
    return BenchCase.of(suite, FlashAttention.OP, type, sizes, flops, bytes, Roof.floatProduct(bytes), (kernels, operands) -> {
      Buffer queries = operands.random(DType.F32, q);
      Buffer keys = operands.random(type, kv);
      Buffer values = operands.random(type, kv);
      Buffer out = operands.zeros(DType.F32, q);
      return () -> kernels.flashAttention(queries, keys, values, null, out, null, shape);
    });
  }

  /** One new token of one sequence over a cache of {@code length} tokens. */
  static BenchCase decode(String suite, DType type, int heads, int kvHeads, int length, int headDim) {
    int pages = (length + PAGE - 1) / PAGE;
    PagedShape shape = new PagedShape(1, 1, heads, kvHeads, headDim, PAGE, pages, (float) (1 / Math.sqrt(headDim)));
    double bytes = PagedAttention.bytes(type, shape, length) + 8.0 * heads * headDim;
    String sizes = "heads=" + heads + "/" + kvHeads + " length=" + length + " dim=" + headDim;
    return BenchCase.of(suite, PagedAttention.OP, type, sizes, PagedAttention.flops(shape, length), bytes, Roof.floatProduct(bytes),
        (kernels, operands) -> {
          Buffer q = operands.random(DType.F32, (long) heads * headDim);
          Buffer keys = operands.random(type, (long) pages * PAGE * kvHeads * headDim);
          Buffer values = operands.random(type, (long) pages * PAGE * kvHeads * headDim);
          int[] blocks = new int[pages];
          for (int i = 0; i < pages; i++) {
            blocks[i] = pages - 1 - i;
          }
          Buffer table = operands.ints(blocks);
          Buffer lengths = operands.ints(length);
          Buffer out = operands.zeros(DType.F32, (long) heads * headDim);
          return () -> kernels.pagedAttention(q, keys, values, table, lengths, out, null, shape);
        });
  }

  static BenchCase append(String suite, DType type, int tokens, long kvDim) {
    double bytes = KvAppend.bytes(type, tokens, kvDim);
    return BenchCase.of(suite, KvAppend.OP, type, "tokens=" + tokens + " kv_dim=" + kvDim, 0, bytes, Roof.copying(bytes),
        (kernels, operands) -> {
          Buffer k = operands.random(DType.F32, tokens * kvDim);
          Buffer v = operands.random(DType.F32, tokens * kvDim);
          int[] order = new int[tokens];
          for (int i = 0; i < tokens; i++) {
            order[i] = tokens - 1 - i;
          }
          Buffer slots = operands.ints(order);
          Buffer kCache = operands.zeros(type, tokens * kvDim);
          Buffer vCache = operands.zeros(type, tokens * kvDim);
          return () -> kernels.kvAppend(k, v, slots, kCache, vCache, tokens, kvDim);
        });
  }
}

package io.gllm.kernels.testkit.reference;

import static io.gllm.kernels.testkit.reference.Values.ints;
import static io.gllm.kernels.testkit.reference.Values.read;
import static io.gllm.kernels.testkit.reference.Values.write;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.op.FlashAttention;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.testkit.oracle.Attention;
import java.util.Arrays;
import java.util.Map;

/** Attention. */
final class AttentionKernels {
  private AttentionKernels() {}

  static void addTo(Map<Op<?>, Object> all) {
    all.put(FlashAttention.OP, (FlashAttention.Kernel) (q, k, v, mask, out, lse, s) -> store(Attention.flash(s, read(q, q.length()),
        read(k, k.length()), read(v, v.length()), mask == null ? null : read(mask, mask.length())), out, lse));
    all.put(PagedAttention.OP, (PagedAttention.Kernel) (q, k, v, table, lengths, out, lse, s) -> paged(q, k, v,
        ints(table, table.length()), ints(lengths, lengths.length()), out, lse, s));
  }

  static void store(Attention result, Buffer out, Buffer lse) {
    write(out, 0, result.out);
    if (lse != null) {
      write(lse, 0, result.lse);
    }
  }

  /** Copies the blocks in use into a small cache first, so that a huge one is not read as a whole. */
  static void paged(Buffer q, Buffer k, Buffer v, int[] table, int[] lengths, Buffer out, Buffer lse, PagedShape s) {
    int block = s.page() * s.kvHeads() * s.headDim();
    int[] compact = new int[table.length];
    double[] keys = new double[table.length * block];
    double[] values = new double[table.length * block];
    for (int sequence = 0; sequence < s.sequences(); sequence++) {
      RowKernels.requireBelow(new int[]{lengths[sequence]}, (long) s.tableColumns() * s.page() + 1);
      for (int page = 0; page * s.page() < lengths[sequence]; page++) {
        int at = sequence * s.tableColumns() + page;
        RowKernels.requireBelow(new int[]{table[at]}, k.length() / block);
        compact[at] = at;
        System.arraycopy(read(k, (long) table[at] * block, block), 0, keys, at * block, block);
        System.arraycopy(read(v, (long) table[at] * block, block), 0, values, at * block, block);
      }
    }
    int[] used = Arrays.copyOf(lengths, s.sequences());
    store(Attention.paged(s, read(q, q.length()), keys, values, compact, used), out, lse);
  }
}

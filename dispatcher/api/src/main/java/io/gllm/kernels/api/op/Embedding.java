package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import java.util.ArrayList;
import java.util.List;

/**
 * out[r] = row ids[r] of table[rows][dim], as f32. The table is of a floating-point type or quantised, dispatched on it. An id
 * outside the table is an {@link IndexOutOfBoundsException}, and then out is unchanged.
 */
public final class Embedding {
  /** The operator, dispatched on the type of the table. */
  public static final Op<Kernel> OP = new Op<>("embedding", Kernel.class, types());

  private Embedding() {}

  private static List<ElementType> types() {
    List<ElementType> types = new ArrayList<>(Op.FLOATS);
    types.addAll(QuantMatMul.FORMATS);
    return types;
  }

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer table, Buffer ids, Buffer out, long count, long rows, long dim);
  }

  /**
   * Checks the arguments; the ids themselves are checked by the kernel.
   *
   * @throws IllegalArgumentException if a buffer is too short or of a wrong type, or dim cuts a block
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer table, Buffer ids, Buffer out, long count, long rows, long dim) {
    Check.size("count", count);
    Check.size("rows", rows);
    Check.size("dim", dim);
    Check.holds("table", table, Check.times(rows, dim));
    if (!OP.types().contains(table.type())) {
      throw new IllegalArgumentException("table is " + table.type().label() + ", expected one of " + OP.types());
    }
    if (table.type() instanceof QuantFormat format) {
      Check.whole("dim", dim, format);
    }
    Check.holds("ids", ids, count);
    Check.type("ids", ids, DType.I32);
    Check.holds("out", out, Check.times(count, dim));
    Check.type("out", out, DType.F32);
    Check.disjoint("out", out, "table", table);
    Check.disjoint("out", out, "ids", ids);
  }

  /** Bytes read and written. */
  public static long bytes(ElementType table, long count, long dim) {
    return table.bytesFor(count * dim) + 4 * count * (dim + 1);
  }
}

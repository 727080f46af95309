package io.gllm.kernels.testkit.reference;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.PackB;
import java.util.HashMap;
import java.util.Map;

/** The oracle as kernels: everything in double precision, rounded once. All but pack_b serve every type of their operator. */
final class Kernels {
  private static final Map<Op<?>, Object> ALL = new HashMap<>();

  static {
    RowKernels.addTo(ALL);
    MatrixKernels.addTo(ALL);
    AttentionKernels.addTo(ALL);
    TokenKernels.addTo(ALL);
  }

  private Kernels() {}

  static <K> K of(Op<K> op, ElementType type) {
    return op.kernel().cast(op == PackB.OP ? new MatrixKernels.Packing(type) : ALL.get(op));
  }
}

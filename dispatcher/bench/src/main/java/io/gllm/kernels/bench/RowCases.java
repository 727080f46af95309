package io.gllm.kernels.bench;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.LayerNorm;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.api.op.Softmax;

/** Cases of the operators on rows. */
final class RowCases {
  private static final float EPS = 1e-5f;

  private RowCases() {}

  private static String shape(long rows, long cols) {
    return "rows=" + rows + " cols=" + cols;
  }

  static BenchCase softmax(String suite, DType type, long rows, long cols) {
    double bytes = Softmax.bytes(type, rows, cols, false);
    return BenchCase.of(suite, Softmax.OP, type, shape(rows, cols), 0, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(type, rows * cols);
      Buffer out = operands.zeros(type, rows * cols);
      return () -> kernels.softmax(x, null, out, rows, cols, 1f);
    });
  }

  static BenchCase rmsNorm(String suite, DType type, long rows, long cols) {
    double bytes = RmsNorm.bytes(type, rows, cols, false);
    return BenchCase.of(suite, RmsNorm.OP, type, shape(rows, cols), 0, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(type, rows * cols);
      Buffer weight = operands.random(type, cols);
      Buffer out = operands.zeros(type, rows * cols);
      return () -> kernels.rmsNorm(x, weight, out, rows, cols, EPS);
    });
  }

  static BenchCase rmsNormResidual(String suite, DType type, long rows, long cols) {
    double bytes = RmsNorm.bytes(type, rows, cols, true);
    return BenchCase.of(suite, RmsNorm.RESIDUAL, type, shape(rows, cols), 0, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(type, rows * cols);
      Buffer residual = operands.random(type, rows * cols);
      Buffer weight = operands.random(type, cols);
      Buffer sum = operands.zeros(type, rows * cols);
      Buffer out = operands.zeros(type, rows * cols);
      return () -> kernels.rmsNormResidual(x, residual, weight, sum, out, rows, cols, EPS);
    });
  }

  static BenchCase layerNorm(String suite, DType type, long rows, long cols) {
    double bytes = LayerNorm.bytes(type, rows, cols);
    return BenchCase.of(suite, LayerNorm.OP, type, shape(rows, cols), 0, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer x = operands.random(type, rows * cols);
      Buffer gamma = operands.random(type, cols);
      Buffer beta = operands.random(type, cols);
      Buffer out = operands.zeros(type, rows * cols);
      return () -> kernels.layerNorm(x, gamma, beta, out, rows, cols, EPS);
    });
  }

  /** Angles of zero, so that repeated turns keep the numbers as they are. */
  private static Buffer[] tables(Operands operands, long tokens, RopeShape shape) {
    long angles = tokens * (shape.rotaryDim() / 2);
    return new Buffer[]{operands.ones(angles), operands.zeros(DType.F32, angles)};
  }

  static BenchCase rope(String suite, DType type, int tokens, int heads, int headDim, boolean positions) {
    RopeShape shape = new RopeShape(heads, headDim, headDim, RopeLayout.SPLIT_HALF);
    double bytes = Rope.bytes(type, tokens, shape);
    String sizes = "tokens=" + tokens + " heads=" + heads + " dim=" + headDim;
    return BenchCase.of(suite, positions ? Rope.WITH_POSITIONS : Rope.OP, type, sizes, 0, bytes, Roof.copying(bytes),
        (kernels, operands) -> {
          Buffer x = operands.random(type, (long) tokens * heads * headDim);
          Buffer[] tables = tables(operands, tokens, shape);
          Buffer cosines = tables[0];
          Buffer sines = tables[1];
          if (!positions) {
            return () -> kernels.rope(x, cosines, sines, tokens, shape, 0);
          }
          Buffer at = operands.zeros(DType.I32, tokens);
          return () -> kernels.ropeWithPositions(x, at, cosines, sines, tokens, shape);
        });
  }

  static BenchCase embedding(String suite, ElementType type, int count, int rows, long dim) {
    double bytes = Embedding.bytes(type, count, dim);
    String sizes = "ids=" + count + " of " + rows + " dim=" + dim;
    return BenchCase.of(suite, Embedding.OP, type, sizes, 0, bytes, Roof.copying(bytes), (kernels, operands) -> {
      Buffer table = operands.random(type, rows * dim);
      int[] ids = new int[count];
      for (int i = 0; i < count; i++) {
        ids[i] = (int) (i * 7919L % rows);
      }
      Buffer indices = operands.ints(ids);
      Buffer out = operands.zeros(DType.F32, count * dim);
      return () -> kernels.embedding(table, indices, out, count, rows, dim);
    });
  }
}

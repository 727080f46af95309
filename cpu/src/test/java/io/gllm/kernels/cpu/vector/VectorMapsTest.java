package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Harness.blocks;
import static io.gllm.kernels.cpu.vector.Harness.buffer;
import static io.gllm.kernels.cpu.vector.Harness.ints;
import static io.gllm.kernels.cpu.vector.Harness.random;
import static io.gllm.kernels.cpu.vector.Harness.same;
import static io.gllm.kernels.cpu.vector.Harness.wild;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.RopeLayout;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.Cast;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.KvAppend;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.api.op.Rope;
import io.gllm.kernels.api.op.RopeShape;
import io.gllm.kernels.api.op.Sampling;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.op.VecAxpy;
import io.gllm.kernels.api.op.VecScale;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Operators that work element by element have the bits of the scalar tier, whatever the numbers. */
class VectorMapsTest {
  private static final int LARGE = 40_003;

  private static int[] lengths() {
    int[] lengths = new int[4 * Lanes.COUNT + 5];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = i;
    }
    lengths[lengths.length - 1] = LARGE;
    return lengths;
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void functions(DType type) {
    for (Op<UnaryOp.Kernel> op : List.of(UnaryOp.EXP, UnaryOp.SILU, UnaryOp.GELU, UnaryOp.GELU_ERF, UnaryOp.RELU, UnaryOp.TANH)) {
      for (int n : lengths()) {
        same(op, type, "n=" + n, (q, a) -> {
          Buffer x = wild(q, a, type, n, n);
          Buffer out = buffer(a, type, n);
          q.kernel(op, type).run(x, out, n);
          q.kernel(op, type).run(x, x, n);
          return new Buffer[]{out, x};
        });
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void arithmetic(DType type) {
    for (int n : lengths()) {
      for (Op<BinaryOp.Kernel> op : List.of(BinaryOp.ADD, BinaryOp.SUB, BinaryOp.MUL, BinaryOp.SWIGLU)) {
        same(op, type, "n=" + n, (q, a) -> {
          Buffer x = wild(q, a, type, n, 1);
          Buffer y = wild(q, a, type, n, 2);
          Buffer out = buffer(a, type, n);
          q.kernel(op, type).run(x, y, out, n);
          q.kernel(op, type).run(x, y, y, n);
          return new Buffer[]{out, x, y};
        });
      }
      same(VecScale.OP, type, "n=" + n, (q, a) -> {
        Buffer x = wild(q, a, type, n, 3);
        q.kernel(VecScale.OP, type).run(x, 0.3f, n);
        return new Buffer[]{x};
      });
      same(VecAxpy.OP, type, "n=" + n, (q, a) -> {
        Buffer y = wild(q, a, type, n, 3);
        q.kernel(VecAxpy.OP, type).run(y, -1.7f, wild(q, a, type, n, 4), n);
        return new Buffer[]{y};
      });
    }
    same(Sampling.TEMPERATURE, DType.F32, "", (q, a) -> {
      Buffer out = buffer(a, DType.F32, LARGE);
      q.kernel(Sampling.TEMPERATURE, DType.F32).run(wild(q, a, DType.F32, LARGE, 1), out, LARGE, 0.7f);
      return new Buffer[]{out};
    });
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void casts(DType from) {
    for (DType to : List.of(DType.F32, DType.F16, DType.BF16)) {
      for (int n : lengths()) {
        same(Cast.OP, from, "to " + to + " n=" + n, (q, a) -> {
          Buffer out = buffer(a, to, n);
          q.kernel(Cast.OP, from).run(wild(q, a, from, n, n), out, n);
          return new Buffer[]{out};
        });
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F16", "BF16"})
  void everyPatternOf16Bits(DType type) {
    same(Cast.OP, type, "to f32", (q, a) -> {
      Buffer x = buffer(a, type, 65536);
      for (int i = 0; i < 65536; i++) {
        x.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) i);
      }
      Buffer wide = buffer(a, DType.F32, 65536);
      q.kernel(Cast.OP, type).run(x, wide, 65536);
      Buffer back = buffer(a, type, 65536);
      q.kernel(Cast.OP, DType.F32).run(wide, back, 65536);
      return new Buffer[]{wide, back};
    });
  }

  @Test
  void roundingAroundEveryHalf() {
    same(Cast.OP, DType.F32, "to f16", (q, a) -> {
      int n = 3 * 65536;
      Buffer x = buffer(a, DType.F32, n);
      for (int i = 0; i < 65536; i++) {
        float low = Float.float16ToFloat((short) i);
        float high = Float.float16ToFloat((short) (i + 1));
        float middle = (low + high) / 2;
        x.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 12L * i, middle);
        x.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 12L * i + 4, Math.nextUp(middle));
        x.segment().set(ValueLayout.JAVA_FLOAT_UNALIGNED, 12L * i + 8, Math.nextDown(middle));
      }
      Buffer out = buffer(a, DType.F16, n);
      q.kernel(Cast.OP, DType.F32).run(x, out, n);
      return new Buffer[]{out};
    });
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void rope(DType type) {
    int tokens = 23;
    for (RopeLayout layout : RopeLayout.values()) {
      for (int rotary : new int[]{0, 2, 14, 32, 62, 64, 80}) {
        RopeShape shape = new RopeShape(5, 80, rotary, layout);
        long tables = Math.max(1, rotary / 2 * 300);
        same(Rope.OP, type, shape.toString(), (q, a) -> {
          Buffer x = random(q, a, type, tokens * 400L, 1);
          Buffer c = random(q, a, DType.F32, tables, 2);
          q.kernel(Rope.OP, type).run(x, c, random(q, a, DType.F32, tables, 3), tokens, shape, 99);
          return new Buffer[]{x};
        });
        same(Rope.WITH_POSITIONS, type, shape.toString(), (q, a) -> {
          Buffer x = random(q, a, type, tokens * 400L, 1);
          Buffer c = random(q, a, DType.F32, tables, 2);
          Buffer positions = ints(a, new Random(4).ints(tokens, 0, 300).toArray());
          q.kernel(Rope.WITH_POSITIONS, type).run(x, positions, c, random(q, a, DType.F32, tables, 3), tokens, shape);
          return new Buffer[]{x};
        });
      }
    }
  }

  @ParameterizedTest
  @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
  void caches(DType type) {
    for (int dim : new int[]{1, 33, 128}) {
      same(KvAppend.OP, type, "dim " + dim, (q, a) -> {
        Buffer keys = wild(q, a, type, 50L * dim, 1);
        Buffer values = wild(q, a, type, 50L * dim, 2);
        Buffer k = wild(q, a, DType.F32, 3L * dim, 3);
        q.kernel(KvAppend.OP, type).run(k, wild(q, a, DType.F32, 3L * dim, 4), ints(a, 49, 0, 7), keys, values, 3, dim);
        return new Buffer[]{keys, values};
      });
      same(Embedding.OP, type, "dim " + dim, (q, a) -> {
        Buffer out = buffer(a, DType.F32, 4L * dim);
        q.kernel(Embedding.OP, type).run(wild(q, a, type, 50L * dim, 1), ints(a, 49, 0, 7, 7), out, 4, 50, dim);
        return new Buffer[]{out};
      });
    }
  }

  @ParameterizedTest
  @EnumSource(value = QuantFormat.class, names = {"Q4_0", "Q8_0", "Q4_K", "Q6_K", "Q8_K"})
  void blockFormats(QuantFormat format) {
    int n = 256 * 37;
    same(Dequant.OP, format, "", (q, a) -> {
      Buffer out = buffer(a, DType.F32, n);
      q.kernel(Dequant.OP, format).run(blocks(a, format, n, 1), out, n);
      return new Buffer[]{out};
    });
    if (format != QuantFormat.Q8_K) {
      same(Embedding.OP, format, "", (q, a) -> {
        Buffer out = buffer(a, DType.F32, 3 * 512);
        q.kernel(Embedding.OP, format).run(blocks(a, format, 10 * 512, 1), ints(a, 9, 0, 3), out, 3, 10, 512);
        return new Buffer[]{out};
      });
    }
  }

  @ParameterizedTest
  @EnumSource(value = QuantFormat.class, names = {"Q8_0", "Q8_K"})
  void quantize(QuantFormat format) {
    for (boolean wild : new boolean[]{false, true}) {
      same(Quantize.OP, format, "", (q, a) -> {
        int n = 256 * 400;
        Buffer out = buffer(a, format, n);
        Buffer x = wild ? wild(q, a, DType.F32, n, 1) : random(q, a, DType.F32, n, 1);
        x.segment().asSlice(0, 2048).fill((byte) 0);
        q.kernel(Quantize.OP, format).run(x, out, n);
        return new Buffer[]{out};
      });
    }
  }
}

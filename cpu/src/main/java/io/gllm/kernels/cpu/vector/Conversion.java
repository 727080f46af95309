package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.INTS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;
import static io.gllm.kernels.cpu.vector.Lanes.SHORTS;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.cpu.scalar.Elements;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Runs of f32, f16 and bf16 elements to and from f32, to the nearest even, with the bits of the scalar tier. Written with integer
 * lanes: the Vector API has no conversion of halves. Elements beyond the last full vector go one by one.
 */
final class Conversion {
  private static final int SIGN = 0x80000000;
  private static final int INFINITY = 0x7f800000;

  private Conversion() {}

  /** Elements [from, from + n) of {@code source} to floats at byte {@code to} of {@code target}. */
  static void widen(ElementType type, MemorySegment source, long from, int n, MemorySegment target, long to) {
    long at = from * type.blockBytes();
    int whole = Lanes.whole(n);
    if (type == DType.F32) {
      copy(source, at, target, to, whole);
    } else if (type == DType.F16) {
      widenHalves(source, at, target, to, whole);
    } else {
      widenBfloats(source, at, target, to, whole);
    }
    for (int i = whole; i < n; i++) {
      target.set(Lanes.FLOAT, to + 4L * i, Elements.load(type, source, from + i));
    }
  }

  /** Floats at byte {@code at} of {@code source} to elements [to, to + n) of {@code target}. */
  static void narrow(ElementType type, MemorySegment source, long at, int n, MemorySegment target, long to) {
    long out = to * type.blockBytes();
    int whole = Lanes.whole(n);
    if (type == DType.F32) {
      copy(source, at, target, out, whole);
    } else if (type == DType.F16) {
      narrowHalves(source, at, target, out, whole);
    } else {
      narrowBfloats(source, at, target, out, whole);
    }
    for (int i = whole; i < n; i++) {
      Elements.store(type, target, to + i, source.get(Lanes.FLOAT, at + 4L * i));
    }
  }

  /** Sets floats [from, to) after byte {@code at}. */
  static void fill(MemorySegment target, long at, int from, int to, float v) {
    for (int i = from; i < to; i++) {
      target.set(Lanes.FLOAT, at + 4L * i, v);
    }
  }

  private static void copy(MemorySegment source, long at, MemorySegment target, long to, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector.fromMemorySegment(FLOATS, source, at + 4L * i, LE).intoMemorySegment(target, to + 4L * i, LE);
    }
  }

  /** Exponent and fraction move to their place, and a product with 2^112 corrects the bias, subnormals included. */
  private static void widenHalves(MemorySegment source, long at, MemorySegment target, long to, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      ShortVector shorts = ShortVector.fromMemorySegment(SHORTS, source, at + 2L * i, LE);
      IntVector half = (IntVector) shorts.convertShape(VectorOperators.S2I, INTS, 0);
      IntVector magnitude = half.and(0x7fff).lanewise(VectorOperators.LSHL, 13);
      magnitude.intoMemorySegment(target, to + 4L * i, LE);
      FloatVector.fromMemorySegment(FLOATS, target, to + 4L * i, LE).mul(0x1p112f).intoMemorySegment(target, to + 4L * i, LE);
      IntVector bits = IntVector.fromMemorySegment(INTS, target, to + 4L * i, LE);
      bits = bits.blend(bits.or(INFINITY), magnitude.compare(VectorOperators.GE, 0x0f800000));
      bits.or(half.and(SIGN)).intoMemorySegment(target, to + 4L * i, LE);
    }
  }

  private static void widenBfloats(MemorySegment source, long at, MemorySegment target, long to, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      ShortVector shorts = ShortVector.fromMemorySegment(SHORTS, source, at + 2L * i, LE);
      IntVector bits = (IntVector) shorts.convertShape(VectorOperators.S2I, INTS, 0);
      bits.lanewise(VectorOperators.LSHL, 16).intoMemorySegment(target, to + 4L * i, LE);
    }
  }

  /** Rounds the fraction of normal results by an integer addition, subnormal results, multiples of 2^-24, by a floating-point one. */
  private static void narrowHalves(MemorySegment source, long at, MemorySegment target, long to, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      FloatVector small = FloatVector.fromMemorySegment(FLOATS, source, at + 4L * i, LE).abs().min(0x1p-14f);
      IntVector subnormal = (IntVector) small.mul(0x1p24f).add(0x1p23f).sub(0x1p23f).convertShape(VectorOperators.F2I, INTS, 0);
      IntVector bits = IntVector.fromMemorySegment(INTS, source, at + 4L * i, LE);
      IntVector magnitude = bits.and(~SIGN);
      IntVector odd = magnitude.lanewise(VectorOperators.LSHR, 13).and(1);
      IntVector half = magnitude.sub(0x38000000 - 0xfff).add(odd).lanewise(VectorOperators.LSHR, 13);
      half = half.blend(subnormal, magnitude.compare(VectorOperators.LT, 0x38800000));
      half = half.blend(0x7c00, magnitude.compare(VectorOperators.GE, 0x47800000));
      half = half.blend(0x7e00, magnitude.compare(VectorOperators.GT, INFINITY));
      half = half.or(bits.lanewise(VectorOperators.LSHR, 16).and(0x8000));
      ((ShortVector) half.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(target, to + 2L * i, LE);
    }
  }

  private static void narrowBfloats(MemorySegment source, long at, MemorySegment target, long to, int n) {
    for (int i = 0; i < n; i += Lanes.COUNT) {
      IntVector bits = IntVector.fromMemorySegment(INTS, source, at + 4L * i, LE);
      IntVector upper = bits.lanewise(VectorOperators.LSHR, 16);
      IntVector rounded = bits.add(upper.and(1)).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
      rounded = rounded.blend(upper.or(0x40), bits.and(~SIGN).compare(VectorOperators.GT, INFINITY));
      ((ShortVector) rounded.convertShape(VectorOperators.I2S, SHORTS, 0)).intoMemorySegment(target, to + 2L * i, LE);
    }
  }
}

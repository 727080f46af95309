package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Lanes.BYTES;
import static io.gllm.kernels.cpu.vector.Lanes.FLOATS;
import static io.gllm.kernels.cpu.vector.Lanes.INTS;
import static io.gllm.kernels.cpu.vector.Lanes.LE;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import io.gllm.kernels.cpu.scalar.PortableMath;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** f32 to the activation formats Q8_0 and Q8_K. */
final class VectorQuantize implements Quantize.Kernel, ThreadTeam.Task {
  /** Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, ties to even. */
  private static final float ROUND = 0x1.8p23f;

  private final CpuContext context;
  private final QuantFormat format;
  private MemorySegment x;
  private MemorySegment blocks;
  private long n;

  VectorQuantize(CpuContext context, ElementType type) {
    this.context = context;
    this.format = (QuantFormat) type;
  }

  @Override
  public void run(Buffer x, Buffer blocks, long n) {
    this.x = x.segment();
    this.blocks = blocks.segment();
    this.n = n;
    context.run(this, n * 8);
  }

  @Override
  public void run(int part, int parts) {
    int size = format.blockElements();
    long end = CpuContext.start(n / size, part + 1, parts);
    for (long b = CpuContext.start(n / size, part, parts); b < end; b++) {
      encode(4 * b * size, b * format.blockBytes(), size);
    }
  }

  private void encode(long from, long at, int size) {
    float largest = largest(from, size);
    boolean finite = largest <= Float.MAX_VALUE;
    float up = largest < 0x1p-100f ? 0x1p100f : 1.0f;
    float inverse = finite && largest > 0.0f ? 127.0f / (largest * up) : 0.0f;
    if (format == QuantFormat.Q8_0) {
      blocks.set(Lanes.SHORT, at, PortableMath.toHalf(largest / 127.0f));
      codes(from, at + 2, size, up, inverse);
    } else {
      blocks.set(Lanes.FLOAT, at, largest / 127.0f);
      codes(from, at + 4, size, up, inverse);
      sums(at);
    }
  }

  /** Absolute values order like their bits, and anything that is no number above infinity. */
  private float largest(long from, int size) {
    IntVector best = IntVector.zero(INTS);
    for (int j = 0; j < size; j += Lanes.COUNT) {
      best = best.max(IntVector.fromMemorySegment(INTS, x, from + 4 * j, LE).and(0x7fffffff));
    }
    return Float.intBitsToFloat(best.reduceLanes(VectorOperators.MAX));
  }

  private void codes(long from, long at, int size, float up, float inverse) {
    if (inverse == 0.0f) {
      for (int j = 0; j < size; j++) {
        blocks.set(ValueLayout.JAVA_BYTE, at + j, (byte) 0);
      }
      return;
    }
    for (int j = 0; j < size; j += BYTES.length()) {
      FloatVector scaled = FloatVector.fromMemorySegment(FLOATS, x, from + 4 * j, LE).mul(up).mul(inverse);
      IntVector q = (IntVector) scaled.add(ROUND).sub(ROUND).convertShape(VectorOperators.F2I, INTS, 0);
      ByteVector codes = (ByteVector) q.max(-127).min(127).convertShape(VectorOperators.I2B, BYTES, 0);
      if (Lanes.COUNT == 4) {
        scaled = FloatVector.fromMemorySegment(FLOATS, x, from + 4 * j + 16, LE).mul(up).mul(inverse);
        q = (IntVector) scaled.add(ROUND).sub(ROUND).convertShape(VectorOperators.F2I, INTS, 0);
        codes = codes.or((ByteVector) q.max(-127).min(127).convertShape(VectorOperators.I2B, BYTES, -1));
      }
      codes.intoMemorySegment(blocks, at + j, LE);
    }
  }

  /** Sums of 16 codes: four lanes of four bytes each. */
  private void sums(long at) {
    for (int group = 0; group < 16; group++) {
      IntVector four = IntVector.fromMemorySegment(IntVector.SPECIES_128, blocks, at + 4 + group * 16, LE);
      IntVector sum = four.lanewise(VectorOperators.ASHR, 24);
      sum = sum.add(four.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24));
      sum = sum.add(four.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24));
      sum = sum.add(four.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24));
      blocks.set(Lanes.SHORT, at + 260 + group * 2L, (short) sum.reduceLanes(VectorOperators.ADD));
    }
  }
}

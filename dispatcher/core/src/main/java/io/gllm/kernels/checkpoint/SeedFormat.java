package io.gllm.kernels.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Blocks of the library's first drafts, kept so that data in them can be read and written. They are not the formats of GPTQ, AWQ and
 * SqueezeLLM checkpoints.
 * <pre>
 * AWQ4, GPTQ4: 128 numbers in 72 bytes, value scale (q - zero), the real number rounded once to f32
 *  0  f16 scale
 *  2  2 bytes 0
 *  4  f16 zero
 *  6  2 bytes 0
 *  8  64 bytes: element 2 i in the low, 2 i + 1 in the high nibble
 *
 * SQUEEZE: 256 numbers in 130 bytes, value d (q - 4)
 *  0  f16 d
 *  2  96 bytes: a stream of 3-bit codes, lowest bits first
 * 98  32 bytes 0
 * </pre>
 * Bytes that are said to be 0 are written so and ignored when read.
 */
public enum SeedFormat {
  /** 4 bits with scale and zero point. */
  AWQ4(128, 72),
  /** The same bytes as {@link #AWQ4}. */
  GPTQ4(128, 72),
  /** 3 bits with a scale. */
  SQUEEZE(256, 130);

  private final int blockElements;
  private final int blockBytes;

  SeedFormat(int blockElements, int blockBytes) {
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /** Numbers of a block. */
  public int blockElements() {
    return blockElements;
  }

  /** Bytes of a block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Scale of the block at byte {@code at}. */
  float scale(MemorySegment blocks, long at) {
    return Float.float16ToFloat(blocks.get(PackedWords.SHORT, at));
  }

  /** What is subtracted from the codes of the block at byte {@code at}. */
  float zero(MemorySegment blocks, long at) {
    return this == SQUEEZE ? 4 : Float.float16ToFloat(blocks.get(PackedWords.SHORT, at + 4));
  }

  /** Code of element {@code j} of the block at byte {@code at}. */
  int code(MemorySegment blocks, long at, int j) {
    if (this != SQUEEZE) {
      return blocks.get(ValueLayout.JAVA_BYTE, at + 8 + j / 2) >> 4 * (j & 1) & 15;
    }
    int bit = 3 * j;
    return Short.toUnsignedInt(blocks.get(PackedWords.SHORT, at + 2 + bit / 8)) >> bit % 8 & 7;
  }

  /** Decodes the block at byte {@code at}. */
  public void decode(MemorySegment blocks, long at, float[] out, int to) {
    double scale = scale(blocks, at);
    double zero = zero(blocks, at);
    for (int j = 0; j < blockElements; j++) {
      out[to + j] = (float) (scale * (code(blocks, at, j) - zero)); // exact in f64: 11 bits times at most 29
    }
  }

  /**
   * Encodes numbers to the nearest codes. AWQ4 and GPTQ4 spread the codes evenly from the smallest number (or 0) to the largest (or 0);
   * SQUEEZE from -4 d to 3 d, with the least d that cuts no number off.
   *
   * @throws IllegalArgumentException if a number is not finite, or too large for the scale
   */
  public void encode(float[] x, int from, MemorySegment blocks, long at) {
    double least = 0;
    double most = 0;
    for (int i = from; i < from + blockElements; i++) {
      if (!Float.isFinite(x[i])) {
        throw new IllegalArgumentException("number " + i + " is " + x[i]);
      }
      least = Math.min(least, x[i]);
      most = Math.max(most, x[i]);
    }
    float scale = half(this == SQUEEZE ? Math.max(-least / 4, most / 3) : (most - least) / 15);
    if (scale == Float.POSITIVE_INFINITY) {
      throw new IllegalArgumentException("numbers from " + least + " to " + most + " need a scale beyond f16");
    }
    float zero = this == SQUEEZE ? 4 : scale == 0 ? 0 : half(Math.min(-least / scale, 15));
    write(x, from, scale, zero, blocks, at);
  }

  private void write(float[] x, int from, float scale, float zero, MemorySegment blocks, long at) {
    blocks.asSlice(at, blockBytes).fill((byte) 0);
    blocks.set(PackedWords.SHORT, at, Float.floatToFloat16(scale));
    if (this != SQUEEZE) {
      blocks.set(PackedWords.SHORT, at + 4, Float.floatToFloat16(zero));
    }
    int top = this == SQUEEZE ? 7 : 15;
    for (int j = 0; j < blockElements; j++) {
      double code = scale == 0 ? Math.rint(zero) : Math.rint(x[from + j] / (double) scale + zero);
      put(blocks, at, j, (int) Math.clamp(code, 0, top));
    }
  }

  private void put(MemorySegment blocks, long at, int j, int code) {
    int bit = this == SQUEEZE ? 3 * j : 4 * j;
    long place = at + (this == SQUEEZE ? 2 : 8) + bit / 8;
    for (int bits = code << bit % 8; bits != 0; bits >>= 8) {
      blocks.set(ValueLayout.JAVA_BYTE, place, (byte) (blocks.get(ValueLayout.JAVA_BYTE, place) | bits));
      place++;
    }
  }

  private static float half(double x) {
    return Float.float16ToFloat(Float.floatToFloat16((float) x));
  }
}

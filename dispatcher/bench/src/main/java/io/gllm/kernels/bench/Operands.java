package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.SplittableRandom;

/** The buffers of a case, freed together. Contents are the same in every run. */
final class Operands implements AutoCloseable {
  /** Large buffers repeat a piece of this many elements: making up half a gigabyte of numbers takes longer than the case. */
  private static final long PIECE = 1 << 16;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final KernelDispatcher kernels;
  private final Deque<Runnable> closers = new ArrayDeque<>();

  Operands(KernelDispatcher kernels) {
    this.kernels = kernels;
  }

  /** {@code n} zeros. */
  public Buffer zeros(ElementType type, long n) {
    return keep(kernels.allocate(type, n));
  }

  /** {@code n} times 1, in f32. */
  public Buffer ones(long n) {
    float[] values = new float[Math.toIntExact(n)];
    Arrays.fill(values, 1f);
    return keep(kernels.upload(values));
  }

  /** The integers. */
  public Buffer ints(int... values) {
    return keep(kernels.upload(values));
  }

  /** {@code n} numbers in -1..1, or blocks of them. */
  public Buffer random(ElementType type, long n) {
    return keep(filled(type, n));
  }

  private Buffer filled(ElementType type, long n) {
    Buffer buffer = kernels.allocate(type, n);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(type.bytesFor(PIECE), 64);
      fill(piece, type);
      for (long at = 0; at < n; at += PIECE) {
        long count = Math.min(PIECE, n - at);
        kernels.write(buffer.slice(at, count), piece.asSlice(0, type.bytesFor(count)));
      }
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
    return buffer;
  }

  /** Random weights [n][k], or [k][n], in the device's own order; the row-major form is freed at once. */
  public Buffer packed(ElementType type, long n, long k, boolean transposed) {
    try (Buffer rows = filled(type, n * k)) {
      return keep(kernels.packWeights(rows, n, k, transposed));
    }
  }

  private Buffer keep(Buffer buffer) {
    closers.push(buffer::close);
    return buffer;
  }

  /** Frees something else with the buffers, before those that were made earlier. */
  void onClose(Runnable closer) {
    closers.push(closer);
  }

  private static void fill(MemorySegment piece, ElementType type) {
    SplittableRandom random = new SplittableRandom(42);
    if (type instanceof QuantFormat format) {
      blocks(piece, format, random);
      return;
    }
    for (long i = 0; i < PIECE; i++) {
      float v = (float) random.nextDouble(-1, 1);
      switch ((DType) type) {
        case F32 -> piece.set(FLOAT, 4 * i, v);
        case F16 -> piece.set(SHORT, 2 * i, Float.floatToFloat16(v));
        case BF16 -> piece.set(SHORT, 2 * i, (short) (Float.floatToRawIntBits(v) >>> 16));
        case I32 -> piece.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * i, random.nextInt());
        case I8 -> piece.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
      }
    }
  }

  /** Random codes under small scales: a random scale could be NaN or infinite. */
  private static void blocks(MemorySegment piece, QuantFormat format, SplittableRandom random) {
    byte[] codes = new byte[Math.toIntExact(piece.byteSize())];
    random.nextBytes(codes);
    piece.copyFrom(MemorySegment.ofArray(codes));
    for (long at = 0; at < piece.byteSize(); at += format.blockBytes()) {
      scales(piece.asSlice(at, format.blockBytes()), format);
    }
  }

  private static void scales(MemorySegment block, QuantFormat format) {
    short scale = Float.floatToFloat16(0.01f);
    long end = block.byteSize();
    switch (format) {
      case Q8_K -> block.set(FLOAT, 0, 0.01f);
      case MXFP4 -> block.set(ValueLayout.JAVA_BYTE, 0, (byte) 120);
      case NVFP4 -> block.asSlice(0, 4).fill((byte) 8);
      case IQ1_M -> {
        for (int i = 0; i < 4; i++) { // the scale is the highest nibbles of four words
          block.set(SHORT, end - 8 + 2 * i, (short) (scale >> 4 * i << 12));
        }
      }
      case Q3_K, Q6_K, TQ1_0, TQ2_0 -> block.set(SHORT, end - 2, scale);
      case Q2_K -> {
        block.set(SHORT, end - 4, scale);
        block.set(SHORT, end - 2, scale);
      }
      case Q4_1, Q5_1, Q8_1, Q4_K, Q5_K -> {
        block.set(SHORT, 0, scale);
        block.set(SHORT, 2, scale);
      }
      default -> block.set(SHORT, 0, scale);
    }
  }

  @Override
  public void close() {
    while (!closers.isEmpty()) {
      closers.pop().run();
    }
  }
}

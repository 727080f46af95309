package io.gllm.kernels.testkit.reference;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.testkit.Data;
import io.gllm.kernels.testkit.oracle.Floats;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Elements of buffers as numbers. */
final class Values {
  /** The blocks decoded last: cases multiply one matrix many times, and the oracle decodes bit by bit. */
  private record Decoded(Data blocks, double[] values) {}

  private static volatile Decoded last = new Decoded(Data.of(DType.F32), new double[0]);

  private Values() {}

  /** Elements {@code from} to {@code from + n}. */
  static double[] read(Buffer buffer, long from, long n) {
    return decode(new Data(buffer.type(), bytes(buffer, from, n)));
  }

  static double[] read(Buffer buffer, long n) {
    return read(buffer, 0, n);
  }

  /** Elements of a packed matrix, which this device keeps as rows of k. */
  static double[] readPacked(Buffer buffer, long n) {
    return decode(new Data(buffer.type(), bytes(buffer, 0, n)));
  }

  private static double[] decode(Data data) {
    Decoded known = last;
    if (known.blocks.type() != data.type() || !Arrays.equals(known.blocks.bytes(), data.bytes())) {
      known = new Decoded(data, data.values());
      if (data.type() instanceof QuantFormat) {
        last = known;
      }
    }
    return known.values.clone();
  }

  static byte[] bytes(Buffer buffer, long from, long n) {
    ElementType type = buffer.type();
    return buffer.segment().asSlice(type.bytesFor(from), type.bytesFor(n)).toArray(ValueLayout.JAVA_BYTE);
  }

  static int[] ints(Buffer buffer, long n) {
    return Arrays.stream(read(buffer, n)).mapToInt(v -> (int) v).toArray();
  }

  static float[] floats(double[] values, int from, int n) {
    float[] out = new float[n];
    for (int i = 0; i < n; i++) {
      out[i] = (float) values[from + i];
    }
    return out;
  }

  /** Writes numbers, rounded to the buffer's type, from element {@code at}. */
  static void write(Buffer buffer, long at, double... values) {
    put(buffer, at, Floats.encode((DType) buffer.type(), values));
  }

  static void writeInts(Buffer buffer, long at, int... values) {
    put(buffer, at, Data.ints(values).bytes());
  }

  static void put(Buffer buffer, long at, byte[] bytes) {
    MemorySegment.copy(bytes, 0, buffer.segment(), ValueLayout.JAVA_BYTE, buffer.type().bytesFor(at), bytes.length);
  }
}

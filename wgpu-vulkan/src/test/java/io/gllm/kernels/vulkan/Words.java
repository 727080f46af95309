package io.gllm.kernels.vulkan;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;

/** Buffers and host arrays for tests. */
final class Words {
  private Words() {}

  static Buffer buffer(Device device, ElementType type, long length) {
    return Buffer.owning(device.allocate(type.bytesFor(length)), type, length);
  }

  static Buffer ints(Device device, Queue queue, int... values) {
    Buffer buffer = buffer(device, DType.I32, values.length);
    upload(queue, buffer, values);
    return buffer;
  }

  static void upload(Queue queue, Buffer to, int... values) {
    try (Arena arena = Arena.ofConfined()) {
      queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_INT, values), to.type()), to);
    }
  }

  static void uploadFloats(Queue queue, Buffer to, float... values) {
    try (Arena arena = Arena.ofConfined()) {
      queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), to.type()), to);
    }
  }

  static byte[] bytes(Queue queue, Buffer from) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(from.byteSize());
      queue.copy(from, Buffer.wrap(host, from.type()));
      return host.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  static int[] read(Queue queue, Buffer from) {
    return MemorySegment.ofArray(bytes(queue, from)).toArray(ValueLayout.JAVA_INT_UNALIGNED);
  }

  static float[] readFloats(Queue queue, Buffer from) {
    return MemorySegment.ofArray(bytes(queue, from)).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  static int[] iota(int length) {
    return IntStream.range(0, length).toArray();
  }

  static float[] floats(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }
}

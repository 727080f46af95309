package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.spi.BackendProvider;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Operands on the wrong side: copied and counted, refused in strict mode, refused from another device. */
class PlacementTest {
  private static final Map<String, BackendProvider> FAR = Map.of("cuda", new FarDevice.Provider("cuda"));

  private static KernelDispatcher.Builder far() {
    return new KernelDispatcher.Builder(FAR).backend("cuda");
  }

  private static Buffer host(Arena arena, float... values) {
    return Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), DType.F32);
  }

  @Test
  void uploadedOperandsStayOnTheDevice() {
    try (var kernels = far().create()) {
      Buffer a = kernels.upload(1f, 2f);
      Buffer b = kernels.upload(10f, 20f);
      kernels.vecAdd(a, b, b, 2);
      assertArrayEquals(new float[]{11f, 22f}, kernels.readFloats(b));
      assertEquals(new TransferCounters(16, 8, 0), kernels.transfers());
    }
  }

  @Test
  void hostOperandsAreCopiedForTheCallAndCounted() {
    try (var kernels = far().create(); Arena arena = Arena.ofConfined()) {
      Buffer a = host(arena, 1f, 2f);
      Buffer out = host(arena, 0f, 0f);
      kernels.vecAdd(a, a, out, 2);
      assertArrayEquals(new float[]{2f, 4f}, out.toFloatArray());
      assertEquals(new TransferCounters(16, 8, 2), kernels.transfers(), "a is copied once although it is used twice");
      assertEquals(0, kernels.memoryInUse());
    }
  }

  @Test
  void anOperandInPlaceIsOneCopy() {
    try (var kernels = far().create(); Arena arena = Arena.ofConfined()) {
      Buffer a = host(arena, 1f, 2f);
      kernels.vecAdd(a, a, a, 2);
      assertArrayEquals(new float[]{2f, 4f}, a.toFloatArray());
      assertEquals(1, kernels.transfers().stagedCopies());
    }
  }

  @Test
  void strictModeRefusesHostOperands() {
    try (var kernels = far().strict().create(); Arena arena = Arena.ofConfined()) {
      Buffer a = host(arena, 1f);
      var e = assertThrows(IllegalArgumentException.class, () -> kernels.vecAdd(a, a, a, 1));
      assertTrue(e.getMessage().contains("upload"), e.getMessage());
    }
  }

  @Test
  void buffersOfAnotherDeviceAreRefusedAndNothingLeaks() {
    try (var kernels = far().create(); var other = far().create(); Arena arena = Arena.ofConfined()) {
      Buffer foreign = other.upload(1f);
      Buffer own = host(arena, 1f);
      var e = assertThrows(IllegalArgumentException.class, () -> kernels.vecAdd(own, foreign, own, 1));
      assertTrue(e.getMessage().contains("another device"), e.getMessage());
      assertEquals(0, kernels.memoryInUse());
    }
  }

  @Test
  void readsAndWritesCrossThroughHeapAndNativeMemory() {
    try (var kernels = far().create()) {
      Buffer ints = kernels.upload(7, 8, 9);
      assertEquals(8, kernels.readInt(ints, 1));
      int[] all = new int[3];
      kernels.read(ints, MemorySegment.ofArray(all));
      assertArrayEquals(new int[]{7, 8, 9}, all);
      assertThrows(IllegalArgumentException.class, () -> kernels.write(ints, MemorySegment.ofArray(new int[4])));
    }
  }
}

package io.gllm.kernels.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Slices of memory: lengths, types, overlap, ownership. */
class BufferTest {
  private static Buffer of(Arena arena, float... values) {
    return Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), DType.F32);
  }

  @Test
  void slicesAndRetypedViewsShareTheBytes() {
    try (Arena arena = Arena.ofConfined()) {
      Buffer x = of(arena, 1f, 2f, 3f, 4f);
      assertArrayEquals(new float[]{2f, 3f}, x.slice(1, 2).toFloatArray());
      assertEquals(x.address() + 4, x.slice(1, 2).address());
      assertEquals(Float.floatToRawIntBits(3f), x.as(DType.I32).toIntArray()[2]);
      assertEquals(8, x.as(DType.F16).length());
    }
  }

  @Test
  void rangesThatLeaveTheBufferOrCutBlocksAreRefused() {
    try (Arena arena = Arena.ofConfined()) {
      Buffer x = of(arena, 1f, 2f, 3f, 4f);
      assertThrows(IllegalArgumentException.class, () -> x.slice(3, 2));
      assertThrows(IllegalArgumentException.class, () -> x.slice(-1, 2));
      assertThrows(IllegalArgumentException.class, () -> x.slice(Long.MAX_VALUE, 2));
      assertThrows(IllegalArgumentException.class, () -> x.as(QuantFormat.Q4_0));
      Buffer blocks = Buffer.wrap(arena.allocate(36), QuantFormat.Q4_0);
      assertEquals(64, blocks.length());
      assertThrows(IllegalArgumentException.class, () -> blocks.slice(16, 32));
      assertEquals(18, blocks.slice(32, 32).byteSize());
    }
  }

  @Test
  void heapSegmentsAndOddSizesCannotBeWrapped() {
    assertThrows(IllegalArgumentException.class, () -> Buffer.wrap(MemorySegment.ofArray(new float[4]), DType.F32));
    try (Arena arena = Arena.ofConfined()) {
      assertThrows(IllegalArgumentException.class, () -> Buffer.wrap(arena.allocate(7), DType.F32));
    }
  }

  @Test
  void overlapIsABytewiseQuestion() {
    try (Arena arena = Arena.ofConfined()) {
      Buffer x = of(arena, 1f, 2f, 3f, 4f);
      assertTrue(x.slice(0, 2).overlaps(x.slice(1, 2)));
      assertFalse(x.slice(0, 2).overlaps(x.slice(2, 2)));
      assertFalse(x.slice(2, 2).overlaps(x.slice(0, 2)));
      assertTrue(x.sameStart(x.slice(0, 1)));
      assertFalse(x.sameStart(x.as(DType.I32)));
      assertFalse(x.overlaps(of(arena, 1f)));
    }
  }

  @Test
  void whatIsClosedSaysSo() {
    Buffer x;
    try (Arena arena = Arena.ofConfined()) {
      x = of(arena, 1f);
      assertThrows(IllegalStateException.class, x::close, "wrapped memory belongs to the caller");
      assertTrue(x.isOpen());
      assertThrows(IllegalStateException.class, x::toIntArray);
    }
    assertFalse(x.isOpen());
    assertThrows(IllegalStateException.class, x::toFloatArray);
  }

  @Test
  void sizesDoNotOverflow() {
    assertEquals(18L << 32, QuantFormat.Q4_0.bytesFor(32L << 32));
    assertThrows(IllegalArgumentException.class, () -> DType.F32.bytesFor(Long.MAX_VALUE));
    assertThrows(IllegalArgumentException.class, () -> DType.F32.bytesFor(-1));
    assertThrows(IllegalArgumentException.class, () -> QuantFormat.Q4_K.bytesFor(255));
  }

  @Test
  void indicesAreDenseAndLeadBack() {
    for (int i = 0; i < ElementType.count(); i++) {
      assertEquals(i, ElementType.at(i).index());
    }
  }
}

package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SuballocatorTest {
  private static final int G = Suballocator.GRANULE;

  @Test
  void sizesAreRoundedUpToGranules() {
    assertEquals(G, Suballocator.round(1));
    assertEquals(G, Suballocator.round(G));
    assertEquals(2 * G, Suballocator.round(G + 1));
  }

  @Test
  void aRangeThatDoesNotFitIsRefused() {
    Suballocator ranges = new Suballocator(4 * G);
    assertEquals(-1, ranges.take(5 * G));
    assertEquals(0, ranges.take(3 * G));
    assertEquals(-1, ranges.take(2 * G));
    assertEquals(3 * G, ranges.take(G));
  }

  @Test
  void theSmallestGapThatFitsIsTaken() {
    Suballocator ranges = new Suballocator(16 * G);
    long wide = ranges.take(4 * G);
    ranges.take(G);
    long narrow = ranges.take(2 * G);
    ranges.take(G);
    ranges.give(wide, 4 * G);
    ranges.give(narrow, 2 * G);
    assertEquals(narrow, ranges.take(2 * G));
    assertEquals(wide, ranges.take(3 * G));
  }

  @Test
  void neighboursAreJoinedInEveryOrder() {
    for (int[] order : new int[][]{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {2, 1, 0}, {2, 0, 1}, {1, 2, 0}}) {
      Suballocator ranges = new Suballocator(3 * G);
      for (int i = 0; i < 3; i++) {
        ranges.take(G);
      }
      for (int i : order) {
        assertFalse(ranges.isUnused());
        ranges.give((long) i * G, G);
      }
      assertTrue(ranges.isUnused());
      assertEquals(0, ranges.take(3 * G));
    }
  }

  @Test
  void whatWasNotTakenCannotBeGivenBack() {
    Suballocator ranges = new Suballocator(4 * G);
    ranges.take(2 * G);
    assertThrows(IllegalArgumentException.class, () -> ranges.give(2 * G, G));
    assertThrows(IllegalArgumentException.class, () -> ranges.give(G, 2 * G));
    assertThrows(IllegalArgumentException.class, () -> ranges.give(1, G));
    assertThrows(IllegalArgumentException.class, () -> ranges.give(-G, G));
    assertThrows(IllegalArgumentException.class, () -> ranges.give(0, 5 * G));
    ranges.give(0, G);
    assertThrows(IllegalArgumentException.class, () -> ranges.give(0, G), "given back twice");
  }

  @Test
  void sizesAreWholeGranules() {
    assertThrows(IllegalArgumentException.class, () -> new Suballocator(G + 1));
    assertThrows(IllegalArgumentException.class, () -> new Suballocator(4 * G).take(0));
    assertThrows(IllegalArgumentException.class, () -> new Suballocator(4 * G).take(G - 1));
  }

  /** Ten thousand steps: no two ranges overlap, and in the end everything is one range again. */
  @Test
  void anyOrderOfStepsKeepsRangesApart() {
    Random random = new Random(7);
    int granules = 200;
    Suballocator ranges = new Suballocator((long) granules * G);
    boolean[] taken = new boolean[granules];
    Map<Long, Integer> held = new HashMap<>();
    for (int step = 0; step < 10_000; step++) {
      int size = 1 + random.nextInt(12);
      long offset = random.nextInt(100) < 55 ? ranges.take((long) size * G) : -1;
      if (offset >= 0) {
        mark(taken, offset, size, true);
        held.put(offset, size);
      } else if (!held.isEmpty()) {
        long freed = held.keySet().iterator().next();
        mark(taken, freed, held.get(freed), false);
        ranges.give(freed, (long) held.remove(freed) * G);
      }
    }
    held.forEach((offset, size) -> ranges.give(offset, (long) size * G));
    assertTrue(ranges.isUnused());
  }

  private static void mark(boolean[] taken, long offset, int size, boolean value) {
    for (int i = 0; i < size; i++) {
      int granule = (int) (offset / G) + i;
      assertEquals(!value, taken[granule], "granule " + granule);
      taken[granule] = value;
    }
  }
}

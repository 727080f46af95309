package io.gllm.kernels.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CodeBookTest {
  @Test
  void rowsDifferAndHaveTheLevelsOfTheirFormat() {
    Set<Integer> two = Set.of(8, 25, 43);
    assertEquals(two, check(CodeBook.IQ2_XXS, 256, 8));
    assertEquals(two, check(CodeBook.IQ2_XS, 512, 8));
    assertEquals(two, check(CodeBook.IQ2_S, 1024, 8));
    assertEquals(Set.of(4, 12, 20, 28, 36, 44, 52, 62), check(CodeBook.IQ3_XXS, 256, 4));
    assertEquals(Set.of(1, 3, 5, 7, 9, 11, 13, 15), check(CodeBook.IQ3_S, 512, 4));
    assertEquals(Set.of(-1, 0, 1), check(CodeBook.IQ1, 2048, 8));
  }

  private static Set<Integer> check(CodeBook book, int rows, int width) {
    assertEquals(rows, book.rows());
    assertEquals(width, book.width());
    byte[] table = book.table().toArray(ValueLayout.JAVA_BYTE);
    assertEquals(rows * width, table.length);
    Set<String> different = new HashSet<>();
    Set<Integer> levels = new TreeSet<>();
    for (int i = 0; i < rows; i++) {
      assertTrue(different.add(Arrays.toString(Arrays.copyOfRange(table, i * width, (i + 1) * width))), book + " row " + i);
    }
    for (byte value : table) {
      levels.add((int) value);
    }
    return levels;
  }

  @Test
  void everyGridFormatHasOneAndOthersHaveNone() {
    for (QuantFormat format : QuantFormat.values()) {
      boolean grid = format.name().matches("IQ[123]_.*");
      if (grid) {
        assertTrue(CodeBook.of(format).name().startsWith(format.name().substring(0, 3)), format.label());
      } else {
        assertNull(CodeBook.of(format), format.label());
      }
    }
  }

  @Test
  void tablesCannotBeChanged() {
    MemorySegment table = CodeBook.IQ1.table();
    assertThrows(IllegalArgumentException.class, () -> table.set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
  }
}

package io.gllm.kernels.api.portable;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/** What one launch may see of an operand, where a device's windows hold a mebibyte. */
class WindowsTest {
  private static final int MEBIBYTE = 1 << 20;

  private final Windows windows = new Windows(new ListingLauncher(new ArrayList<>()));

  @Test
  void vectorsAreCutBetweenSegments() {
    assertEquals(16 * 16384, windows.elements(4));
    assertEquals(32 * 16384, windows.elements(2));
  }

  @Test
  void rowsStayWhole() {
    assertEquals(2, windows.rows(MEBIBYTE / 2));
    assertEquals(1, windows.rows(MEBIBYTE / 2 + 4));
    assertEquals(1, windows.rows(MEBIBYTE));
    assertEquals(MEBIBYTE, windows.rows(0), "rows without elements");
  }

  @Test
  void whatCannotBeCutAndIsTooLargeIsRefused() {
    assertDoesNotThrow(() -> windows.whole("a table", MEBIBYTE));
    String message = assertThrows(IllegalArgumentException.class, () -> windows.rows(MEBIBYTE + 4)).getMessage();
    assertEquals("a row of 1048580 bytes exceeds the 1048576 that a kernel of this device can address", message);
    assertThrows(IllegalArgumentException.class, () -> windows.whole("a table", MEBIBYTE + 1));
  }

  @Test
  void aThreadHasAWord() {
    assertEquals(0, Windows.groups(0, 4));
    assertEquals(1, Windows.groups(256, 4));
    assertEquals(2, Windows.groups(257, 4));
    assertEquals(1, Windows.groups(511, 2), "the last word holds one element");
    assertEquals(2, Windows.groups(513, 2));
  }
}

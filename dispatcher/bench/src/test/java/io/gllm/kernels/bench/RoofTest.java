package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.spi.PeakKind;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RoofTest {
  private static final Map<PeakKind, Double> SPEEDS = Map.of(PeakKind.FMA_F32, 100e9, PeakKind.READ, 20e9, PeakKind.COPY, 30e9,
      PeakKind.STREAM_COPY, 40e9);

  @Test
  void theSlowerOfComputingAndMovingBounds() {
    Roof roof = Roof.floatProduct(1e9);
    assertEquals(2.0, roof.seconds(200e9, 1e9, SPEEDS));
    assertEquals(PeakKind.FMA_F32, roof.bound(200e9, 1e9, SPEEDS));
    assertEquals(3.0, roof.seconds(200e9, 60e9, SPEEDS));
    assertEquals(PeakKind.READ, roof.bound(200e9, 60e9, SPEEDS));
  }

  @Test
  void theFastestOfSeveralLimitsCounts() {
    assertEquals(0.5, Roof.copying(20e9).seconds(0, 20e9, SPEEDS));
    assertEquals(PeakKind.STREAM_COPY, Roof.copying(20e9).bound(0, 20e9, SPEEDS));
  }

  @Test
  void withoutByteDotProductsAnIntegerProductIsComparedWithFloats() {
    assertEquals(1.0, Roof.integerProduct(1e9).seconds(100e9, 1, SPEEDS));
  }

  @Test
  void anUnknownLimitGivesNoNumber() {
    assertTrue(Double.isNaN(Roof.reading(1e9).seconds(0, 1e9, Map.of())));
    assertNull(Roof.reading(1e9).bound(0, 1e9, Map.of()));
    assertTrue(Double.isNaN(Roof.none().seconds(1, 1, SPEEDS)));
  }

  @Test
  void memoryLoopsGoThroughAsMuchAsTheCase() {
    assertEquals(128 << 10, Roof.copying(256 << 10).bytes(), "half is read, half written");
    assertEquals(256 << 10, Roof.reading(256 << 10).bytes());
    assertEquals(128 << 10, Roof.reading(144 << 10).bytes(), "about the same size");
    assertEquals(192 << 10, Roof.reading(180 << 10).bytes());
    assertEquals(Roof.MEMORY, Roof.reading(250 << 20).bytes());
    assertEquals(Roof.MEMORY, Roof.reading(1e12).bytes());
    assertEquals(List.of(), Roof.copying(96).memory(), "nanoseconds are compared with nothing");
  }
}

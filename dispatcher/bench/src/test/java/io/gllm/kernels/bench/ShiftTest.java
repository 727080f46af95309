package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShiftTest {
  private static Shift shift(double factor) {
    double[] now = SampleReports.around(factor);
    return Shift.of(new Samples(SampleReports.around(1)), new Samples(now));
  }

  @Test
  void aDifferenceFarBeyondTheSpreadIsShown() {
    assertEquals(1.1, shift(1.1).ratio(), 0.005);
    assertTrue(shift(1.1).isShown() && shift(1.1).low() > 1.09 && shift(1.1).high() < 1.11);
    assertTrue(shift(0.9).isShown());
  }

  @Test
  void aDifferenceWithinTheSpreadIsNot() {
    assertFalse(shift(1).isShown());
    assertFalse(shift(1.002).isShown());
  }

  @Test
  void oneOutlierShowsNothing() {
    Samples old = new Samples(new double[]{1, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06});
    Samples now = new Samples(new double[]{1, 1.01, 1.02, 1.03, 1.04, 1.05, 9});
    assertFalse(Shift.of(old, now).isShown());
    assertTrue(Shift.of(old, now).ratio() < 1.02);
  }

  @Test
  void tooFewSamplesShowNothing() {
    Shift shift = Shift.of(new Samples(new double[]{1, 1, 1}), new Samples(new double[]{2, 2, 2}));
    assertEquals(2, shift.ratio());
    assertFalse(shift.isKnown() || shift.isShown());
  }

  /** Critical values of the two-sided rank test at 0.01, from published tables: U at most this is rejected. */
  @Test
  void theIntervalIsThatOfTheRankTest() {
    assertEquals(-1, Shift.cut(4, 4));
    assertEquals(0, Shift.cut(5, 5));
    assertEquals(2, Shift.cut(6, 6));
    assertEquals(4, Shift.cut(7, 7));
    assertEquals(16, Shift.cut(10, 10));
    assertEquals(105, Shift.cut(20, 20));
    assertEquals(Shift.cut(3, 17), Shift.cut(17, 3));
  }

  @Test
  void manySamplesAreJudgedByTheNormalDistribution() {
    assertEquals(Shift.cut(50, 50), Shift.cut(51, 50) - 25, 12, "goes on where the exact one ends");
    assertEquals(-1, Math.max(-1, Shift.cut(51, 1)), "one sample against many shows nothing");
  }

  /** 500 pairs of samples of the same distribution: 1 % of intervals may miss 1, a little more by chance. */
  @Test
  void sameDistributionsAreRarelyToldApart() {
    Random random = new Random(7);
    long wrong = IntStream.range(0, 500).filter(i -> Shift.of(draw(random), draw(random)).isShown()).count();
    assertTrue(wrong <= 12, wrong + " of 500");
  }

  private static Samples draw(Random random) {
    return new Samples(random.doubles(7).map(d -> 1 + d * d).toArray());
  }
}

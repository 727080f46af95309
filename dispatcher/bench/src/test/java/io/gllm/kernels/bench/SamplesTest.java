package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SamplesTest {
  @Test
  void medianBestAndSpread() {
    Samples samples = new Samples(new double[]{5, 1, 3, 2, 4});
    assertEquals(3, samples.median());
    assertEquals(1, samples.best());
    assertEquals((4 - 2) / 3.0, samples.spread());
  }

  @Test
  void betweenTwoSamplesTheQuantileIsInterpolated() {
    assertEquals(2.5, new Samples(new double[]{4, 1, 2, 3}).median());
    assertEquals(1.75, Samples.quantile(new double[]{1, 2, 3, 4}, 0.25));
  }

  @Test
  void oneSampleHasNoSpread() {
    assertEquals(0, new Samples(new double[]{7}).spread());
    assertThrows(IllegalArgumentException.class, () -> new Samples(new double[0]));
  }

  @Test
  void theOrderOfTheRoundsIsKept() {
    double[] seconds = {3, 1, 2};
    Samples samples = new Samples(seconds);
    seconds[0] = 9;
    assertEquals(3, samples.seconds()[0]);
  }
}

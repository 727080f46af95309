package io.gllm.kernels.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * A logarithmic axis over whole powers of ten.
 *
 * @param low least value
 * @param high highest value
 * @param from where the least value is drawn
 * @param to where the highest is drawn
 */
record LogScale(double low, double high, double from, double to) {
  /** An axis that holds these values, which are above zero. */
  static LogScale around(double least, double most, double from, double to) {
    double low = Math.pow(10, Math.floor(Math.log10(least)));
    double high = Math.pow(10, Math.ceil(Math.log10(most)));
    return new LogScale(low, high > low ? high : 10 * low, from, to);
  }

  /** Where a value is drawn. */
  double at(double value) {
    return from + (to - from) * Math.log(value / low) / Math.log(high / low);
  }

  /** The powers of ten. */
  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    for (int power = (int) Math.round(Math.log10(low)); power <= Math.round(Math.log10(high)); power++) {
      ticks.add(Math.pow(10, power));
    }
    return ticks;
  }
}

package io.gllm.kernels.cuda.ptx;

import java.math.BigDecimal;
import java.util.TreeMap;

/** The 16-bit floats as tables of exact decimals: what is nearest is looked up, not computed. */
final class Halves {
  static final Halves F16 = new Halves(5, 10);
  static final Halves BF16 = new Halves(8, 7);

  private final int infinity;
  private final TreeMap<BigDecimal, Integer> positive = new TreeMap<>();
  private final BigDecimal[] values;

  private Halves(int exponentBits, int fractionBits) {
    infinity = (1 << exponentBits) - 1 << fractionBits;
    values = new BigDecimal[infinity];
    int bias = (1 << exponentBits - 1) - 1;
    for (int bits = 0; bits < infinity; bits++) {
      int exponent = bits >> fractionBits;
      int fraction = bits & (1 << fractionBits) - 1;
      long significand = exponent == 0 ? fraction : fraction + (1L << fractionBits);
      int power = Math.max(exponent, 1) - bias - fractionBits;
      BigDecimal two = BigDecimal.valueOf(2).pow(Math.abs(power));
      values[bits] = power >= 0 ? BigDecimal.valueOf(significand).multiply(two) : BigDecimal.valueOf(significand).divide(two);
      positive.put(values[bits], bits);
    }
  }

  boolean nan(int bits) {
    return (bits & 0x7fff) > infinity;
  }

  boolean finite(int bits) {
    return (bits & 0x7fff) < infinity;
  }

  /** The number, which must be finite. */
  BigDecimal value(int bits) {
    BigDecimal v = values[bits & 0x7fff];
    return bits >= 0x8000 ? v.negate() : v;
  }

  /** As a double, for what is not finite. */
  double special(int bits) {
    double v = nan(bits) ? Double.NaN : finite(bits) ? values[bits & 0x7fff].doubleValue() : Double.POSITIVE_INFINITY;
    return bits >= 0x8000 ? -v : v;
  }

  /** The nearest, of two the even one; {@code sign} is that of a zero. */
  int encode(BigDecimal v, double sign) {
    int negative = v.signum() < 0 || v.signum() == 0 && 1 / sign < 0 ? 0x8000 : 0;
    BigDecimal size = v.abs();
    var below = positive.floorEntry(size);
    BigDecimal ulp = values[infinity - 1].subtract(values[infinity - 2]);
    BigDecimal above = below.getValue() == infinity - 1 ? values[infinity - 1].add(ulp) : values[below.getValue() + 1];
    int order = size.subtract(below.getKey()).compareTo(above.subtract(size));
    int up = order > 0 || order == 0 && below.getValue() % 2 == 1 ? 1 : 0;
    return negative | Math.min(infinity, below.getValue() + up);
  }

  int fma(int a, int b, int c) {
    double special = special(a) * special(b) + special(c);
    if (finite(a) && finite(b) && finite(c)) {
      return encode(value(a).multiply(value(b)).add(value(c)), special);
    }
    return encodeSpecial(special);
  }

  int product(int a, int b) {
    double special = special(a) * special(b);
    return finite(a) && finite(b) ? encode(value(a).multiply(value(b)), special) : encodeSpecial(special);
  }

  /** The smaller (-1) or larger (1) of two, by the order of the numbers, -0 below +0; a NaN loses, two make 0x7fff. */
  int extreme(int a, int b, int side) {
    if (nan(a) || nan(b)) {
      return nan(a) && nan(b) ? 0x7fff : nan(a) ? b : a;
    }
    int order = Double.compare(special(a), special(b));
    return order * side >= 0 ? a : b;
  }

  private int encodeSpecial(double v) {
    return Double.isNaN(v) ? 0x7fff : v > 0 ? infinity : 0x8000 | infinity;
  }
}

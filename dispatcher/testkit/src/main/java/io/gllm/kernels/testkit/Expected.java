package io.gllm.kernels.testkit;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.testkit.oracle.Floats;
import java.util.Arrays;

/** What an output must hold. */
public abstract sealed class Expected {
  Expected() {}

  /** Length of the output in elements. */
  abstract long length();

  /**
   * Compares.
   *
   * @return the largest error as a fraction of the bound
   * @throws Mismatch naming the first wrong element
   */
  abstract double check(String name, byte[] actual);

  /**
   * Numbers with an error bound for each. Where the exact result is NaN or infinite, the output must be so too; a bound of +infinity
   * accepts anything. A result so large that its bound reaches beyond the type's range may be infinite.
   */
  public static Expected near(DType type, double[] exact, double[] bound) {
    return new Near(type, exact, bound);
  }

  /** Exactly these numbers, rounded to the type already; any NaN matches NaN, and zeros match regardless of sign. */
  public static Expected near(DType type, double[] exact) {
    return new Near(type, exact, new double[exact.length]);
  }

  /** Exactly these bits; for floating-point types any NaN matches NaN. */
  public static Expected bits(ElementType type, byte[] bytes) {
    return new Bits(type, bytes);
  }

  /** Anything, as long as all of it is written; for results that a case compares by itself. */
  public static Expected anything(long length) {
    return new Anything(length);
  }

  /** Exactly these integers. */
  public static Expected ints(int... values) {
    return new Bits(DType.I32, Data.ints(values).bytes());
  }

  private static final class Near extends Expected {
    private final DType type;
    private final double[] exact;
    private final double[] bound;
    private final double overflow;

    Near(DType type, double[] exact, double[] bound) {
      this.type = type;
      this.exact = exact;
      this.bound = bound;
      this.overflow = Floats.overflow(type);
    }

    @Override
    long length() {
      return exact.length;
    }

    @Override
    double check(String name, byte[] actual) {
      double worst = 0;
      for (int i = 0; i < exact.length; i++) {
        double got = Floats.decode(type, actual, i);
        double fraction = fraction(got, exact[i], bound[i]);
        if (!(fraction <= 1)) {
          throw new Mismatch(name + "[" + i + "] of " + exact.length + " is " + got + ", expected " + exact[i] + " +- " + bound[i]);
        }
        worst = Math.max(worst, fraction);
      }
      return worst;
    }

    private double fraction(double got, double exact, double bound) {
      if (bound == Double.POSITIVE_INFINITY || got == exact) {
        return 0;
      }
      if (Double.isNaN(exact) || Double.isNaN(got)) {
        return Double.isNaN(exact) && Double.isNaN(got) ? 0 : Double.NaN;
      }
      if (Double.isInfinite(got)) {
        boolean reachable = Double.isFinite(exact) && Math.signum(got) == Math.signum(exact) && Math.abs(exact) + bound >= overflow;
        return reachable ? 0 : Double.NaN;
      }
      return Math.abs(got - exact) / bound;
    }
  }

  private static final class Bits extends Expected {
    private final ElementType type;
    private final byte[] bytes;

    Bits(ElementType type, byte[] bytes) {
      this.type = type;
      this.bytes = bytes;
    }

    @Override
    long length() {
      return bytes.length / type.blockBytes() * (long) type.blockElements();
    }

    @Override
    double check(String name, byte[] actual) {
      int at = Arrays.mismatch(Data.canonical(type, bytes), Data.canonical(type, actual));
      if (at >= 0) {
        int start = at / type.blockBytes() * type.blockBytes();
        throw new Mismatch(name + " block " + start / type.blockBytes() + " byte " + (at - start) + " of " + length() + " elements is "
            + show(actual, start) + ", expected " + show(bytes, start));
      }
      return 0;
    }

    private String show(byte[] from, int start) {
      if (type instanceof DType plain) {
        return plain.isFloat() ? Floats.decode(plain, from, start / plain.blockBytes()) + hex(from, start) : hex(from, start);
      }
      return hex(from, start);
    }

    private String hex(byte[] from, int start) {
      StringBuilder text = new StringBuilder(" 0x");
      for (int i = Math.min(type.blockBytes(), 36) - 1; i >= 0; i--) {
        text.append(String.format("%02x", from[start + i]));
      }
      return text.toString();
    }
  }

  private static final class Anything extends Expected {
    private final long length;

    Anything(long length) {
      this.length = length;
    }

    @Override
    long length() {
      return length;
    }

    @Override
    double check(String name, byte[] actual) {
      return 0;
    }
  }
}

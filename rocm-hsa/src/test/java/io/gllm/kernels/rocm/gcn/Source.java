package io.gllm.kernels.rocm.gcn;

import java.util.Arrays;

/**
 * A 32-bit operand of a vector instruction: a vector register, a scalar one, or a constant, with what the instruction makes of it first:
 * a part of it, its absolute value, its negative.
 */
final class Source {
  /** The row of a vector register or constant, -1 for a scalar register. */
  final int row;
  private final int scalar;
  private final Part part;
  private final boolean absolute;
  private final boolean negative;
  private final int sign;
  private final boolean plain;

  /** A part of a register: bits from {@code shift}, the others cleared or, if signed, copies of the highest. */
  record Part(int shift, int bits, boolean signed) {
    static final Part WHOLE = new Part(0, 32, false);

    int of(int x) {
      int up = x << 32 - bits - shift;
      return signed ? up >> 32 - bits : up >>> 32 - bits;
    }
  }

  Source(int row, int scalar, Part part, boolean absolute, boolean negative, boolean half) {
    this.row = row;
    this.scalar = scalar;
    this.part = part;
    this.absolute = absolute;
    this.negative = negative;
    this.sign = half ? 0x8000 : 0x80000000;
    plain = row >= 0 && part == Part.WHOLE && !absolute && !negative;
  }

  static Source ofRow(int row) {
    return new Source(row, -1, Part.WHOLE, false, false, false);
  }

  /** The negative of this operand, if asked for. */
  Source negated(boolean negate) {
    return negate ? new Source(row, scalar, part, absolute, !negative, sign == 0x8000) : this;
  }

  /** The operand in each lane; {@code place} is the room it may use. */
  int[] lanes(Wave w, int place) {
    if (plain) {
      return w.v[row];
    }
    int[] out = w.scratch[place];
    if (row < 0) {
      Arrays.fill(out, modified(w.s[scalar]));
    } else {
      int[] in = w.v[row];
      for (int l = 0; l < out.length; l++) {
        out[l] = modified(in[l]);
      }
    }
    return out;
  }

  private int modified(int x) {
    int y = part == Part.WHOLE ? x : part.of(x);
    int z = absolute ? y & ~sign : y;
    return negative ? z ^ sign : z;
  }

  /** The lanes that come from known values. */
  long known(Wave w) {
    return row >= 0 ? w.vectorKnown[row] : w.scalarKnown[scalar] == -1 ? -1 : 0;
  }
}

package io.gllm.kernels.cpu;

import io.gllm.kernels.api.Buffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;

/**
 * The order of a packed weight matrix. A packed buffer opens with a header of 64 bytes that names its layout, so that a kernel of
 * another tier refuses it instead of reading nonsense.
 */
public enum PackedLayout {
  /** Rows [n][k] as they are: the scalar and vector tiers. */
  ROWS,
  /** Panels of 32 columns, [n/32][k][32]: AVX-512. */
  PANELS_32,
  /** Panels of 16 columns, [n/16][k][16]: AVX2. */
  PANELS_16,
  /** Panels of 12 columns, [n/12][k][12]: NEON. */
  PANELS_12,
  /** Quantised blocks of 16 rows by 256 columns in the order the integer kernels read them. */
  ROWS_16,
  /** The same with ternary weights three in five bits: AVX-512 with VBMI. */
  ROWS_16_TRITS;

  /** Bytes of the header; the matrix starts here. */
  public static final long HEADER_BYTES = 64;

  private static final int MAGIC = 0x4b504c47;

  /** Writes the header of this layout. */
  public void mark(Buffer packed) {
    MemorySegment s = packed.segment();
    s.set(ValueLayout.JAVA_INT_UNALIGNED, 0, MAGIC);
    s.set(ValueLayout.JAVA_INT_UNALIGNED, 4, ordinal());
  }

  /** Whether {@code packed} has this layout. */
  public boolean is(Buffer packed) {
    MemorySegment s = packed.segment();
    return s.get(ValueLayout.JAVA_INT_UNALIGNED, 0) == MAGIC && s.get(ValueLayout.JAVA_INT_UNALIGNED, 4) == ordinal();
  }

  /**
   * Checks that {@code packed} has this layout.
   *
   * @throws IllegalArgumentException if it was packed for another tier, or never
   */
  public void require(Buffer packed) {
    if (!is(packed)) {
      throw new IllegalArgumentException("the weights were not packed for kernels that read " + name().toLowerCase(Locale.ROOT)
          + "; pack them with the dispatcher that uses them");
    }
  }
}

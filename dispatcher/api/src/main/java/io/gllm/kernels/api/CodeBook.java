package io.gllm.kernels.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;

/**
 * The tables of the grid formats, IQ1 to IQ3: an index in a block stands for a row of 8 or 4 small numbers that no formula gives.
 * Stored in codebooks.bin as 16 bits for each row, value i in the i-th 2 or 3 bits; the tables in the order of the constants below.
 */
public enum CodeBook {
  /** 256 rows of 8. */
  IQ2_XXS(256, 8, 8, 25, 43),
  /** 512 rows of 8. */
  IQ2_XS(512, 8, 8, 25, 43),
  /** 1024 rows of 8. */
  IQ2_S(1024, 8, 8, 25, 43),
  /** 256 rows of 4. */
  IQ3_XXS(256, 4, 4, 12, 20, 28, 36, 44, 52, 62),
  /** 512 rows of 4. */
  IQ3_S(512, 4, 1, 3, 5, 7, 9, 11, 13, 15),
  /** 2048 rows of 8, for IQ1_S and IQ1_M. */
  IQ1(2048, 8, -1, 0, 1);

  private static final Map<CodeBook, byte[]> TABLES = load();

  private final int rows;
  private final int width;
  private final int[] levels;

  CodeBook(int rows, int width, int... levels) {
    this.rows = rows;
    this.width = width;
    this.levels = levels;
  }

  /** The table of a format, or null if it needs none. */
  public static CodeBook of(QuantFormat format) {
    return switch (format) {
      case IQ2_XXS -> IQ2_XXS;
      case IQ2_XS -> IQ2_XS;
      case IQ2_S -> IQ2_S;
      case IQ3_XXS -> IQ3_XXS;
      case IQ3_S -> IQ3_S;
      case IQ1_S, IQ1_M -> IQ1;
      default -> null;
    };
  }

  /** Number of rows. */
  public int rows() {
    return rows;
  }

  /** Values in a row. */
  public int width() {
    return width;
  }

  /** All values, row after row, a signed byte each; read-only. */
  public MemorySegment table() {
    return MemorySegment.ofArray(TABLES.get(this)).asReadOnly();
  }

  private static Map<CodeBook, byte[]> load() {
    Map<CodeBook, byte[]> tables = new EnumMap<>(CodeBook.class);
    try (InputStream in = CodeBook.class.getResourceAsStream("codebooks.bin")) {
      for (CodeBook book : values()) {
        tables.put(book, book.read(in));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("codebooks.bin of this jar cannot be read", e);
    }
    return tables;
  }

  private byte[] read(InputStream in) throws IOException {
    byte[] packed = in.readNBytes(2 * rows);
    byte[] table = new byte[rows * width];
    int bits = width == 8 ? 2 : 3;
    for (int i = 0; i < table.length; i++) {
      int row = packed[i / width * 2] & 0xff | (packed[i / width * 2 + 1] & 0xff) << 8;
      table[i] = (byte) levels[row >> bits * (i % width) & (1 << bits) - 1];
    }
    return table;
  }
}

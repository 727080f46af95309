package io.gllm.kernels.cpu.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gllm.kernels.api.QuantFormat;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Blocks written by the tools that define the formats, and blocks of random bits, decode to the very bits that those tools give. The
 * files are not in the repository: they are looked for in the folder named by the system property {@code gllm.golden}, else in
 * {@code ../shared/golden} beside the repository. With {@code golden} in GLLM_REQUIRE their absence is a failure.
 */
class GoldenBlocksTest {
  private static final Path FOLDER = Path.of(System.getProperty("gllm.golden", "../../shared/golden"));
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static List<String[]> index() throws IOException {
    Path file = FOLDER.resolve("index.tsv");
    String missing = "there is no " + file.toAbsolutePath().normalize() + "; name its folder with -Dgllm.golden";
    if (!Files.exists(file)) {
      assertFalse(System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("golden"), missing);
    }
    assumeTrue(Files.exists(file), missing);
    return Files.readAllLines(file).stream().skip(1).map(line -> line.split("\t")).toList();
  }

  @Test
  void everyValueBitForBit() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (String[] f : index()) {
      BlockFormat format = BlockFormat.of(QuantFormat.valueOf(f[0].toUpperCase(Locale.ROOT)));
      MemorySegment blocks = MemorySegment.ofArray(Files.readAllBytes(FOLDER.resolve(f[5])));
      MemorySegment expected = MemorySegment.ofArray(Files.readAllBytes(FOLDER.resolve(f[6])));
      int n = (Integer.parseInt(f[3]) + Integer.parseInt(f[4])) * format.format().blockElements();
      assertEquals(format.format().bytesFor(n), blocks.byteSize(), f[5]);
      assertEquals(n * 4L, expected.byteSize(), f[6]);
      float[] values = new float[n];
      format.decodeRow(blocks, 0, values, n);
      for (int i = 0; i < n; i++) {
        int bits = expected.get(INT, i * 4L);
        if (bits != Float.floatToRawIntBits(values[i]) && !(Float.isNaN(values[i]) && Float.isNaN(Float.intBitsToFloat(bits)))) {
          wrong.add(f[0] + ": value " + i + " is " + values[i] + ", expected " + Float.intBitsToFloat(bits));
          break;
        }
      }
    }
    assertEquals(List.of(), wrong);
  }

  /** Q8_1 exists only as activations: no file has it. */
  @Test
  void everyFormatHasGoldenBlocksButQ8_1() throws IOException {
    Set<QuantFormat> missing = EnumSet.allOf(QuantFormat.class);
    index().forEach(f -> missing.remove(QuantFormat.valueOf(f[0].toUpperCase(Locale.ROOT))));
    assertEquals(EnumSet.of(QuantFormat.Q8_1), missing);
  }
}

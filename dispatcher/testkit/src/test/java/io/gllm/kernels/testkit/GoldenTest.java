package io.gllm.kernels.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.testkit.reference.ReferenceDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoldenTest {
  private static final String HEAD = "format\tblock_elements\tblock_bytes\tblocks_quantized\tblocks_random\tfile_blocks\tfile_f32\n";

  @TempDir
  Path folder;

  /** One block of Q4_0 with d = 0.5 and every code once in each half. */
  private double[] write(String index) throws IOException {
    byte[] block = new byte[18];
    block[1] = 0x38;
    double[] values = new double[32];
    for (int j = 0; j < 16; j++) {
      block[2 + j] = (byte) (j | (15 - j) << 4);
      values[j] = 0.5 * (j - 8);
      values[j + 16] = 0.5 * (7 - j);
    }
    Files.write(folder.resolve("b"), block);
    Files.write(folder.resolve("f"), Data.of(DType.F32, values).bytes());
    Files.writeString(folder.resolve("index.tsv"), HEAD + index);
    return values;
  }

  @Test
  void equalBitsPass() throws IOException {
    write("q4_0\t32\t18\t1\t0\tb\tf\n");
    assertEquals(List.of(new Golden.Line("q4_0", 1, true, "")), Golden.compare(new ReferenceDevice(), folder));
  }

  @Test
  void oneOtherBitFailsAndNamesThePlace() throws IOException {
    double[] values = write("Q4_0\t32\t18\t1\t0\tb\tf\n");
    values[17] = Math.nextUp((float) values[17]);
    Files.write(folder.resolve("f"), Data.of(DType.F32, values).bytes());
    Golden.Line line = Golden.compare(new ReferenceDevice(), folder).getFirst();
    assertFalse(line.passed());
    assertTrue(line.detail().contains("block 17"), line.detail());
  }

  @Test
  void unknownFormatsAndOtherSizesFail() throws IOException {
    write("q9_z\t32\t18\t1\t0\tb\tf\nq8_0\t32\t34\t1\t0\tf\tb\n");
    List<Golden.Line> lines = Golden.compare(new ReferenceDevice(), folder);
    assertEquals("no decoder for this format", lines.get(0).detail());
    assertFalse(lines.get(1).passed());
    write("q4_0\t32\n");
    assertThrows(IOException.class, () -> Golden.compare(new ReferenceDevice(), folder));
  }
}

package io.gllm.kernels.testkit;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.spi.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Decodes blocks that another implementation wrote and compares with what it decoded, bit for bit. A folder holds {@code index.tsv}
 * with the columns format, block_elements, block_bytes, blocks_quantized, blocks_random, file_blocks, file_f32.
 */
public final class Golden {
  private Golden() {}

  /**
   * Outcome of one line of the index.
   *
   * @param format the format's name in the index
   * @param blocks number of blocks compared
   * @param passed whether every bit agreed
   * @param detail what is wrong: the first difference, or that the format is missing; empty if passed
   */
  public record Line(String format, long blocks, boolean passed, String detail) {}

  /**
   * Decodes every line of the index on {@code device}.
   *
   * @throws IOException if the folder cannot be read
   */
  public static List<Line> compare(Device device, Path folder) throws IOException {
    List<Line> lines = new ArrayList<>();
    try (Harness harness = new Harness(device, Numerics.FAST)) {
      List<String> index = Files.readAllLines(folder.resolve("index.tsv"));
      for (String line : index.subList(1, index.size())) {
        String[] columns = line.split("\t");
        if (columns.length != 7) {
          throw new IOException("index.tsv: expected 7 columns: " + line);
        }
        lines.add(compare(harness, folder, columns));
      }
    }
    return lines;
  }

  private static Line compare(Harness harness, Path folder, String[] columns) throws IOException {
    byte[] blocks = Files.readAllBytes(folder.resolve(columns[5]));
    long count = blocks.length / Long.parseLong(columns[2]);
    ElementType format = known(columns[0]);
    if (format == null) {
      return new Line(columns[0], count, false, "no decoder for this format");
    }
    byte[] expected = Files.readAllBytes(folder.resolve(columns[6]));
    Data data = new Data(format, blocks);
    if (expected.length != 4 * data.length()) {
      return new Line(columns[0], count, false,
          "the files do not belong together: " + blocks.length + " and " + expected.length + " bytes");
    }
    try {
      decode(harness, data, expected);
      return new Line(columns[0], count, true, "");
    } catch (Mismatch e) {
      return new Line(columns[0], count, false, e.getMessage());
    }
  }

  private static ElementType known(String name) {
    return Dequant.OP.types().stream().filter(type -> type.label().equals(name.toLowerCase(Locale.ROOT))).findFirst().orElse(null);
  }

  private static void decode(Harness harness, Data blocks, byte[] expected) {
    Call<Dequant.Kernel> call = new Call<>(blocks.type().label());
    Operand in = call.in("blocks", blocks);
    Operand out = call.out("out", DType.F32, Expected.bits(DType.F32, expected));
    harness.check(Dequant.OP, blocks.type(), call.launch(kernel -> {
      Dequant.check(in.buffer(), out.buffer(), blocks.length());
      kernel.run(in.buffer(), out.buffer(), blocks.length());
    }));
  }
}

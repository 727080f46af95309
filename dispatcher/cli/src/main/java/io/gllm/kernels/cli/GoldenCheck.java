package io.gllm.kernels.cli;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Decodes the golden blocks of a folder and compares every value bit for bit. {@code index.tsv} has a line for each format: name,
 * elements and bytes of a block, number of quantised and of random blocks, file of blocks, file of f32 values.
 */
final class GoldenCheck {
  private final KernelDispatcher kernels;
  private final Path folder;
  private final PrintWriter out;

  GoldenCheck(KernelDispatcher kernels, Path folder, PrintWriter out) {
    this.kernels = kernels;
    this.folder = folder;
    this.out = out;
  }

  /** Prints a table; returns whether every format passed. */
  boolean run() throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve("index.tsv"));
    out.printf("%-10s %8s %9s  %s%n", "format", "blocks", "values", "result");
    int passed = 0;
    int failed = 0;
    int missing = 0;
    for (String line : lines.subList(Math.min(1, lines.size()), lines.size())) {
      Verdict verdict = check(line.split("\t"));
      switch (verdict) {
        case PASS -> passed++;
        case FAIL -> failed++;
        case MISSING -> missing++;
      }
    }
    out.printf("%d passed, %d failed, %d missing on %s (%s)%n", passed, failed, missing, kernels.device().backend(),
        kernels.device().name());
    return passed > 0 && failed == 0 && missing == 0;
  }

  private enum Verdict {
    PASS, FAIL, MISSING
  }

  private Verdict check(String[] f) throws IOException {
    if (f.length != 7) {
      throw new KernelException("index.tsv: a line has " + f.length + " fields, expected 7");
    }
    QuantFormat format = format(f[0]);
    if (format == null || !Dequant.OP.types().contains(format)) {
      out.printf("%-10s %8s %9s  MISSING: no decoder in this version%n", f[0], "-", "-");
      return Verdict.MISSING;
    }
    byte[] blocks = Files.readAllBytes(folder.resolve(f[5]));
    byte[] expected = Files.readAllBytes(folder.resolve(f[6]));
    String problem = compare(format, f, blocks, expected);
    long values = expected.length / 4;
    out.printf("%-10s %8d %9d  %s%n", f[0], blocks.length / format.blockBytes(), values,
        problem == null ? "pass, bit for bit" : "FAIL: " + problem);
    return problem == null ? Verdict.PASS : Verdict.FAIL;
  }

  private static QuantFormat format(String name) {
    for (QuantFormat format : QuantFormat.values()) {
      if (format.label().equals(name.toLowerCase(Locale.ROOT))) {
        return format;
      }
    }
    return null;
  }

  /** What differs, or null. */
  private String compare(QuantFormat format, String[] f, byte[] blocks, byte[] expected) {
    long count = Long.parseLong(f[3]) + Long.parseLong(f[4]);
    long values = count * format.blockElements();
    if (Integer.parseInt(f[1]) != format.blockElements() || Integer.parseInt(f[2]) != format.blockBytes()) {
      return "index.tsv gives a block of " + f[1] + " elements in " + f[2] + " bytes";
    }
    if (blocks.length != count * format.blockBytes() || expected.length != values * 4) {
      return "file sizes do not fit " + count + " blocks";
    }
    try (Buffer in = kernels.upload(MemorySegment.ofArray(blocks), format); Buffer decoded = kernels.allocate(DType.F32, values)) {
      kernels.dequant(in, decoded, values);
      float[] actual = kernels.readFloats(decoded);
      MemorySegment want = MemorySegment.ofArray(expected);
      for (int i = 0; i < values; i++) {
        int w = want.get(ValueLayout.JAVA_INT_UNALIGNED, i * 4L);
        int a = Float.floatToRawIntBits(actual[i]);
        if (w != a && !(Float.isNaN(actual[i]) && Float.isNaN(Float.intBitsToFloat(w)))) {
          return "value " + i + " is " + actual[i] + ", expected " + Float.intBitsToFloat(w);
        }
      }
    }
    return null;
  }
}

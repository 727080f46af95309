package io.gllm.kernels.portable;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the interface of the one kernel in a PTX module, as nvcc writes it. */
final class PtxText {
  private static final Pattern ENTRY = Pattern.compile("\\.visible \\.entry (\\w+)\\(([^)]*)\\)");
  private static final Pattern POINTER = Pattern.compile("\\.param \\.u64 ");
  private static final Pattern STRUCT = Pattern.compile("\\.param \\.align 4 \\.b8 \\w+\\[(\\d+)]");
  private static final Pattern THREADS = Pattern.compile("\\.maxntid (\\d+), 1, 1");
  private static final Pattern SHARED = Pattern.compile("\\.shared \\.align 16 \\.b8 \\w+\\[(\\d+)]");
  // add, sub and mul of floats without .rn may be contracted by the driver's compiler (PTX ISA, 9.7.3); fma is a fused product.
  private static final Pattern LOOSE = Pattern
      .compile("\\b(?:(?:add|sub|mul)\\.(?:ftz\\.)?f32|fma\\.\\S*f32|mad\\.\\S*f32|\\w+\\.approx\\S*|\\.local\\b)");

  private PtxText() {}

  static CodeInterface read(byte[] module) {
    String text = new String(module, StandardCharsets.US_ASCII);
    Set<String> faults = new TreeSet<>();
    if (!text.endsWith("\0")) {
      faults.add("no zero byte at the end");
    }
    if (!text.contains(".version 7.0\n") || !text.contains(".target sm_80\n")) {
      faults.add("not PTX 7.0 for sm_80");
    }
    LOOSE.matcher(text).results().map(MatchResult::group).forEach(faults::add);
    List<MatchResult> entries = ENTRY.matcher(text).results().toList();
    if (entries.size() != 1) {
      return new CodeInterface("", 0, 0, 0, 0, Set.of(entries.size() + " entries"));
    }
    String parameters = entries.getFirst().group(2);
    int buffers = (int) POINTER.matcher(parameters).results().count();
    return new CodeInterface(entries.getFirst().group(1), sum(THREADS, text), sum(SHARED, text), buffers, sum(STRUCT, parameters) / 4,
        faults);
  }

  private static int sum(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.results().mapToInt(result -> Integer.parseInt(result.group(1))).sum();
  }
}

package io.gllm.kernels.bench;

import io.gllm.kernels.api.spi.PeakKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads what {@link ReportJson} wrote, or what somebody else made of it: every field is checked, sizes are bounded. */
final class ReportReader {
  /** Samples of a case. */
  static final int MOST_SAMPLES = 1000;

  private static final long MOST_BYTES = 64L << 20;
  private static final int MOST_CASES = 100_000;
  private static final int MOST_CONTENDERS = 1000;
  private static final int MOST_FEATURES = 1000;

  private ReportReader() {}

  /**
   * A report from a file.
   *
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is no report, saying where and why
   */
  static BenchReport read(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + (Files.exists(file) ? " is no regular file" : ": there is no such file"));
    }
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = in.readNBytes((int) MOST_BYTES + 1);
    }
    try {
      if (bytes.length > MOST_BYTES) {
        throw new IllegalArgumentException("longer than " + (MOST_BYTES >> 20) + " MB");
      }
      return parse(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + " is no report of gllm bench: it is not UTF-8", e);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + " is no report of gllm bench: " + e.getMessage(), e);
    }
  }

  static BenchReport parse(String text) {
    JsonFields root = new JsonFields("", JsonReader.read(text));
    long format = root.integer("format", Integer.MAX_VALUE);
    if (format != ReportJson.FORMAT) {
      throw new IllegalArgumentException("its format is " + format + ", this version reads format " + ReportJson.FORMAT);
    }
    List<Contender> contenders = root.objects("contenders", MOST_CONTENDERS).stream().map(ReportReader::contender).toList();
    List<CaseResult> cases = root.objects("cases", MOST_CASES).stream().map(ReportReader::result).toList();
    checkKeys(contenders, cases);
    return new BenchReport(machine(root.object("machine")), contenders, root.texts("notes", MOST_CONTENDERS),
        root.objects("peaks", MOST_CASES).stream().map(ReportReader::peak).toList(), cases,
        root.objects("bars", MOST_CASES).stream().map(ReportReader::bar).toList());
  }

  private static void checkKeys(List<Contender> contenders, List<CaseResult> cases) {
    Set<String> labels = new HashSet<>();
    for (Contender contender : contenders) {
      if (!labels.add(contender.label())) {
        throw new IllegalArgumentException("contender '" + contender.label() + "' is there twice");
      }
    }
    Set<CaseKey> keys = new HashSet<>();
    for (CaseResult result : cases) {
      if (!labels.contains(result.key().contender())) {
        throw new IllegalArgumentException("there is no contender '" + result.key().contender() + "'");
      }
      if (!keys.add(result.key())) {
        throw new IllegalArgumentException("case '" + result.key() + "' is there twice");
      }
    }
  }

  private static Machine machine(JsonFields json) {
    return new Machine(json.text("processor"), (int) json.integer("processors", Integer.MAX_VALUE), json.text("os"), json.text("arch"),
        json.text("jdk"), json.text("vm"), json.text("date"));
  }

  private static Contender contender(JsonFields json) {
    return new Contender(json.text("label"), json.flag("peer"), json.text("backend"), json.text("device"),
        json.texts("features", MOST_FEATURES), json.text("tier"), json.text("isa"), (int) json.integer("threads", Integer.MAX_VALUE),
        json.numberOrNaN("first_kernel_seconds"));
  }

  private static PeakResult peak(JsonFields json) {
    return new PeakResult(json.text("contender"), json.constant("kind", PeakKind.class), json.integer("bytes", 1L << 53),
        json.text("probe"), json.number("per_second"), json.number("best_per_second"), json.number("spread"));
  }

  private static CaseResult result(JsonFields json) {
    CaseKey key = new CaseKey(json.text("contender"), json.text("suite"), json.text("op"), json.text("type"), json.text("shape"));
    Work work = new Work(json.number("flops"), json.number("bytes"), json.number("tokens"));
    if (!json.isNull("skipped")) {
      return CaseResult.skipped(key, json.text("kernel"), work, json.text("skipped"));
    }
    return new CaseResult(key, json.text("kernel"), work, json.integer("calls_per_sample", 1L << 53),
        new Samples(json.positives("seconds", MOST_SAMPLES)), json.numberOrNaN("roofline"), json.numberOrNaN("best_roofline"),
        json.isNull("bound") ? null : json.constant("bound", PeakKind.class), json.numberOrNaN("allocated_bytes_per_call"),
        json.numberOrNaN("running"), null);
  }

  private static BarOutcome bar(JsonFields json) {
    return new BarOutcome(json.text("contender"), json.text("name"), json.constant("measure", BarOutcome.Measure.class),
        json.number("limit"), json.numberOrNaN("value"), json.textOrNull("note"));
  }
}

package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReportReaderTest {
  private static final BenchReport REPORT = new BenchReport(SampleReports.MACHINE, List.of(SampleReports.CPU, SampleReports.LIBRARY),
      List.of("nothing else"), SampleReports.of().peaks(),
      List.of(SampleReports.result("a", 1, 0.9, 1e-3, 2e-3, 1.5e-3),
          CaseResult.skipped(new CaseKey("cpu 1t", "gemm", "b", "f32", "n=9"), "none", new Work(1, 2, 3), "takes too long")),
      List.of(new BarOutcome("cpu 1t", "fast", BarOutcome.Measure.SHARE, 0.9, 0.95, null)));

  @TempDir
  Path folder;

  @Test
  void aReportIsReadAsItWasWritten() {
    BenchReport read = ReportReader.parse(REPORT.json());
    assertEquals(REPORT.json(), read.json());
    assertArrayEquals(REPORT.cases().getFirst().samples().seconds(), read.cases().getFirst().samples().seconds());
    assertEquals(REPORT.table(), read.table());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
    "\"format\": 2|\"format\": 1|its format is 1, this version reads format 2",
    "\"format\": 2|\"version\": 2|format is missing",
    "[0.001, 0.002, 0.0015]|[0.001, -0.002]|cases[0].seconds must be numbers above zero",
    "[0.001, 0.002, 0.0015]|[0.001, null]|cases[0].seconds must be numbers above zero",
    "[0.001, 0.002, 0.0015]|[]|cases[0].seconds must be numbers above zero, one at least",
    "[0.001, 0.002, 0.0015]|7|cases[0].seconds must be a list",
    "\"bound\": \"read\"|\"bound\": \"luck\"|cases[0].bound must be one of",
    "\"op\": \"a\"|\"op\": 7|cases[0].op must be a string",
    "\"flops\": 200.0|\"flops\": -1|cases[0].flops must be a number that is not negative",
    "\"flops\": 200.0|\"flops\": 1e300|cases[0].flops must be a number that is not negative",
    "\"flops\": 200.0|\"flops\": 1e-300|cases[0].flops must be a number that is not negative",
    "[0.001, 0.002, 0.0015]|[1e-300]|cases[0].seconds must be numbers above zero",
    "\"threads\": 1|\"threads\": 1.5|contenders[0].threads must be a whole number",
    "\"peer\": false|\"peer\": 0|contenders[0].peer must be true or false",
    "\"shape\": \"n=9\"|\"shape\": \"n=8\", \"x\": 1|",
    "\"measure\": \"share\"|\"measure\": \"luck\"|bars[0].measure must be one of",
    "\"contender\": \"cpu 1t\"|\"contender\": \"ghost\"|there is no contender 'ghost'",
    "\"label\": \"blas 1t\"|\"label\": \"cpu 1t\"|contender 'cpu 1t' is there twice",
    "\"op\": \"b\"|\"op\": \"a\"|",
  })
  void whatIsNoReportIsRefusedWithTheField(String from, String to, String message) {
    String json = REPORT.json();
    assertTrue(json.contains(from), from);
    String changed = json.replace(from, to);
    if (message == null) {
      assertEquals(2, ReportReader.parse(changed).cases().size());
      return;
    }
    var error = assertThrows(IllegalArgumentException.class, () -> ReportReader.parse(changed));
    assertTrue(error.getMessage().contains(message), error.getMessage());
  }

  @Test
  void aCaseThatIsThereTwiceIsRefused() {
    String twice = REPORT.json().replace("\"op\": \"b\"", "\"op\": \"a\"").replace("n=9", "n=8");
    var error = assertThrows(IllegalArgumentException.class, () -> ReportReader.parse(twice));
    assertTrue(error.getMessage().contains("case 'cpu 1t: gemm a f32 n=8' is there twice"), error.getMessage());
  }

  /** A report of somebody else must not move the cursor of a terminal. */
  @Test
  void controlCharactersAreReplaced() {
    String json = REPORT.json().replace("Abacus 9000\"", "Abacus\\u001b[2J\\u009b9\"");
    assertEquals("Abacus\ufffd[2J\ufffd9", ReportReader.parse(json).machine().processor());
  }

  /** Extreme numbers that a report may hold make a page with finite places. */
  @Test
  void extremeNumbersAreDrawn() {
    String json = REPORT.json().replace("\"flops\": 200.0", "\"flops\": 1e30").replace("\"bytes\": 100.0", "\"bytes\": 1e-30")
        .replace("[0.001, 0.002, 0.0015]", "[1e-30]");
    String html = ReportReader.parse(json).html();
    assertTrue(!html.contains("NaN") && !html.contains("Infinity"), html);
  }

  @Test
  void aReportWithMoreSamplesThanARunTakesIsRefused() {
    String samples = "[" + "1, ".repeat(ReportReader.MOST_SAMPLES) + "1]";
    String json = REPORT.json().replace("[0.001, 0.002, 0.0015]", samples);
    assertThrows(IllegalArgumentException.class, () -> ReportReader.parse(json));
  }

  /** Whatever happens to a file, it is read or refused. */
  @Test
  void damageIsNeverMoreThanARefusal() {
    String json = REPORT.json();
    SplittableRandom random = new SplittableRandom(3);
    String alphabet = "{}[]\":,0e-.n\\ \u0000";
    for (int i = 0; i < 3000; i++) {
      StringBuilder damaged = new StringBuilder(json);
      for (int n = random.nextInt(1, 4); n > 0; n--) {
        int at = random.nextInt(damaged.length());
        damaged.setCharAt(at, alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        BenchReport read = ReportReader.parse(random.nextInt(9) > 0
            ? damaged.toString()
            : damaged.substring(0, random.nextInt(damaged.length())));
        assertTrue(!read.table().isEmpty() && !read.html().isEmpty());
      } catch (IllegalArgumentException refused) {
        assertTrue(refused.getMessage().length() > 10, refused.getMessage());
      }
    }
  }

  @Test
  void filesAreNamedInMessages() throws IOException {
    Path file = folder.resolve("old.json");
    assertThrows(IOException.class, () -> Comparison.read(file));
    assertThrows(IOException.class, () -> Comparison.read(folder));
    Files.write(file, new byte[]{'"', (byte) 0xff, '"'});
    var error = assertThrows(IllegalArgumentException.class, () -> Comparison.read(file));
    assertTrue(error.getMessage().contains("old.json is no report of gllm bench: it is not UTF-8"), error.getMessage());
    Files.writeString(file, REPORT.json());
    assertEquals(REPORT.json(), Comparison.read(file).json());
  }
}

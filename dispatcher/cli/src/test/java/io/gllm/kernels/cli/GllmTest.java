package io.gllm.kernels.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Every command: what it prints, and its exit status. */
class GllmTest {
  @TempDir
  Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int gllm(String... args) {
    CommandLine line = Gllm.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    return line.execute(args);
  }

  @Test
  void generateTellsTheBundledStory() {
    assertEquals(0, gllm("generate"), err::toString);
    assertTrue(out.toString().startsWith("One evening, it was windy and Anna walked to the hill."), out.toString());
    assertTrue(err.toString().contains("prefill 1 tokens") && err.toString().contains("tokens/s"), err.toString());
  }

  @Test
  void generatePrintsIdsOnly() {
    assertEquals(0, gllm("generate", "--ids", "--max-tokens", "5", "--tier", "scalar"));
    assertEquals("335 482 44 305 273", out.toString().strip());
  }

  @Test
  void theSameSeedGivesTheSameText() {
    assertEquals(0, gllm("generate", "--temperature", "1.5", "--seed", "7", "--top-k", "40", "--top-p", "0.95", "--ids"));
    String first = out.toString();
    out.getBuffer().setLength(0);
    assertEquals(0, gllm("generate", "--temperature", "1.5", "--seed", "7", "--top-k", "40", "--top-p", "0.95", "--ids"));
    assertEquals(first, out.toString());
  }

  @Test
  void aMissingModelIsOneLine() {
    assertEquals(1, gllm("generate", "--model", folder.resolve("none.gguf").toString()));
    assertTrue(err.toString().startsWith("gllm: none.gguf"), err.toString());
  }

  @Test
  void aBackendThatIsNotThereSaysWhyAndWhatToDo() {
    assertEquals(1, gllm("generate", "--backend", "abacus"));
    assertTrue(err.toString().contains("abacus"), err.toString());
  }

  @Test
  void wrongUsageExitsWithTwo() {
    assertEquals(2, gllm("generate", "--max-tokens", "many"));
    assertEquals(2, gllm("juggle"));
  }

  @Test
  void doctorNamesEveryBackendWithReasonAndFix() {
    int status = gllm("doctor");
    assertTrue(status == 0 || status == 1, () -> status + ": " + out);
    for (String backend : new String[]{"cuda", "rocm", "metal", "vulkan", "cpu"}) {
      assertTrue(out.toString().contains(backend), out.toString());
    }
    assertEquals(4, out.toString().split("not yet run on hardware", -1).length - 1, out::toString); // of all but the CPU
    assertTrue(out.toString().contains("fix:") && out.toString().contains("all SHA-256 match"), out.toString());
  }

  @Test
  void doctorPrintsJson() {
    gllm("doctor", "--json");
    String json = out.toString().strip();
    assertTrue(json.startsWith("{") && json.endsWith("}"), json);
    for (String key : new String[]{"backends", "state", "reason", "fix", "features", "blobs", "flags", "chosen"}) {
      assertTrue(json.contains('"' + key + "\":"), key);
    }
  }

  @Test
  void explainShowsTheCandidates() {
    assertEquals(0, gllm("explain", "rms_norm", "--backend", "cpu"));
    assertTrue(out.toString().contains("-> ") && out.toString().contains("scalar_rms_norm_f32"), out.toString());
    assertEquals(1, gllm("explain", "juggling"));
  }

  @Test
  void conformanceOfOneOperator() {
    assertEquals(0, gllm("conformance", "--op", "temperature", "--backend", "cpu"), err::toString);
    assertTrue(out.toString().contains("0 failed"), out.toString());
  }

  @Test
  void benchMeasuresOneOperatorAndWritesJson() throws IOException {
    Path json = folder.resolve("bench.json");
    assertEquals(0, gllm("bench", "--op", "philox", "--rounds", "1", "--seconds", "0.05", "--json", json.toString()), err::toString);
    assertTrue(out.toString().contains("philox"), out.toString());
    assertTrue(Files.readString(json).contains("philox"));
    assertEquals(1, gllm("bench", "--suite", "juggling"));
  }

  @Test
  void benchTakesTheOptionsOfTheDevice() {
    assertEquals(0,
        gllm("bench", "--suite", "overhead", "--op", "vec_scale", "--rounds", "1", "--seconds", "0.05", "--backend", "cpu", "--tier",
            "native", "--isa", "avx2", "--threads", "1"),
        err::toString);
    assertTrue(out.toString().contains("(cpu), tier native, isa avx2, threads 1"), out.toString());
  }

  private int bench(String... more) {
    List<String> args = new ArrayList<>(List.of("bench", "--suite", "overhead", "--op", "vec_scale", "--rounds", "5", "--seconds", "0.05",
        "--backend", "cpu", "--threads", "1"));
    args.addAll(List.of(more));
    return gllm(args.toArray(String[]::new));
  }

  @Test
  void benchComparesWithAnEarlierRun() throws IOException {
    Path old = folder.resolve("old.json");
    assertEquals(0, bench("--json", old.toString()), err::toString);
    String json = Files.readString(old);
    assertEquals(0, gllm("bench", "--read", old.toString(), "--compare", old.toString(), "--fail-on-regression"), err::toString);
    assertTrue(out.toString().contains("0 SLOWER, 0 faster, 1 same"), out.toString());

    Path quiet = folder.resolve("quiet.json");
    Path faster = folder.resolve("faster.json");
    Files.writeString(quiet, json.replaceAll("\"running\": [0-9.]+", "\"running\": 1"));
    Files.writeString(faster,
        Files.readString(quiet).replaceAll("\"seconds\": \\[[^\\]]*\\]", "\"seconds\": [1e-12, 1e-12, 1e-12, 1e-12, 1e-12]"));
    assertEquals(0, gllm("bench", "--read", quiet.toString(), "--compare", faster.toString()), "a regression is shown");
    assertTrue(out.toString().contains("1 SLOWER"), out.toString());
    assertEquals(1, gllm("bench", "--read", quiet.toString(), "--compare", faster.toString(), "--fail-on-regression"));
    assertEquals(0, gllm("bench", "--read", faster.toString(), "--compare", quiet.toString(), "--fail-on-regression"));
  }

  @Test
  void benchComparesWithOtherHardwareOnlyOnRequest() throws IOException {
    Path old = folder.resolve("old.json");
    Path other = folder.resolve("other.json");
    bench("--json", old.toString());
    Files.writeString(other, Files.readString(old).replaceFirst("\"processor\": \"[^\"]*\"", "\"processor\": \"Abacus\""));
    assertEquals(1, gllm("bench", "--read", old.toString(), "--compare", other.toString()));
    assertTrue(err.toString().contains("different hardware") && err.toString().contains("--any-machine"), err.toString());
    assertEquals(0, gllm("bench", "--read", old.toString(), "--compare", other.toString(), "--any-machine"));
    assertTrue(out.toString().contains("note: machine: Abacus"), out.toString());
  }

  @Test
  void benchRefusesWhatIsNoReportBeforeItMeasures() throws IOException {
    Path broken = folder.resolve("broken.json");
    Files.writeString(broken, "{\"format\": 2,}");
    assertEquals(1, bench("--compare", broken.toString()));
    assertTrue(err.toString().contains("broken.json is no report of gllm bench: line 1"), err.toString());
    assertEquals("", out.toString());
    assertEquals(1, bench("--compare", folder.resolve("none.json").toString()));
  }

  @Test
  void benchWritesAPage() throws IOException {
    Path page = folder.resolve("bench.html");
    assertEquals(0, bench("--html", page.toString()), err::toString);
    assertTrue(Files.readString(page).contains("<svg") && Files.readString(page).contains("vec_scale"));
  }

  @Test
  void benchMeasuresTheBundledModelOnSeveralDevices() {
    assertEquals(0, gllm("bench", "--suite", "model", "--backend", "cpu", "--tier", "native,scalar", "--threads", "1,2", "--rounds", "1",
        "--seconds", "1"), err::toString);
    for (String device : new String[]{"cpu native 1t", "cpu native 2t", "cpu scalar 1t", "cpu scalar 2t"}) {
      assertTrue(out.toString().matches("(?s).*model decode q8_0 tiny-stories-grammar tokens=64 +" + device + ".*"), out.toString());
    }
    assertTrue(out.toString().contains("tokens/s"), out.toString());
  }

  @Test
  void benchRefusesOptionsWithoutEffect() {
    for (String[] args : new String[][]{{"--fail-on-regression"}, {"--any-machine"}, {"--require-peer"}, {"--model", "x.gguf"}}) {
      assertEquals(1, bench(args));
      assertTrue(err.toString().contains(args[0] + " needs --"), err.toString());
    }
    assertEquals(1, bench("--peer", "abacus"));
    assertTrue(err.toString().contains("there is no peer 'abacus'"), err.toString());
  }

  private void golden(String format, int value) throws IOException {
    byte[] block = new byte[18];
    block[1] = 0x3c;
    byte[] expected = new byte[128];
    ByteBuffer floats = ByteBuffer.wrap(expected).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 32; i++) {
      floats.putFloat(value);
    }
    Files.write(folder.resolve("b.bin"), block);
    Files.write(folder.resolve("f.bin"), expected);
    Files.writeString(folder.resolve("index.tsv"),
        "format\tblock_elements\tblock_bytes\tblocks_quantized\tblocks_random\tfile_blocks\tfile_f32\n" + format
            + "\t32\t18\t1\t0\tb.bin\tf.bin\n");
  }

  @Test
  void goldenBlocksThatAgree() throws IOException {
    golden("q4_0", -8);
    assertEquals(0, gllm("conformance", "--golden", folder.toString()), err::toString);
    assertTrue(out.toString().contains("1 passed, 0 failed, 0 missing"), out.toString());
  }

  @Test
  void goldenBlocksThatDiffer() throws IOException {
    golden("q4_0", -7);
    assertEquals(1, gllm("conformance", "--golden", folder.toString()));
    assertTrue(out.toString().contains("FAIL: value 0 is -8.0, expected -7.0"), out.toString());
  }

  @Test
  void goldenBlocksOfAFormatThatIsMissing() throws IOException {
    golden("q9_z", 0);
    assertEquals(1, gllm("conformance", "--golden", folder.toString()));
    assertTrue(out.toString().contains("MISSING"), out.toString());
  }
}

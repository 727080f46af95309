package io.gllm.kernels.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.model.Expected;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A program on the finished jars, on the class path and on the module path, under the flags that users may or may not give. */
class JvmFlagsIT {
  private static final Path SOURCES = Path.of("src", "test", "packaging", "example.app");
  private static final String MODULES = "io.gllm.kernels.cpu,io.gllm.kernels.cuda,io.gllm.kernels.rocm,io.gllm.kernels.metal,"
      + "io.gllm.kernels.vulkan";

  private static final Map<Launch, ChildProcess> WITH_NATIVE_ACCESS = new EnumMap<>(Launch.class);
  private static final Expected EXPECTED = Expected.all().get(1);

  @TempDir
  static Path classes;

  /** The two ways to launch; on the module path nothing is added by name, the library must bring its modules itself. */
  enum Launch {
    CLASS_PATH, MODULE_PATH;

    /** Run once, for all tests. */
    ChildProcess runWithNativeAccess() {
      return WITH_NATIVE_ACCESS.computeIfAbsent(this, _ -> run("--enable-native-access=" + (this == CLASS_PATH ? "ALL-UNNAMED" : MODULES)));
    }

    ChildProcess run(String... flags) {
      List<Path> entries = new ArrayList<>(Artifacts.jars());
      entries.add(classes);
      List<String> command = new ArrayList<>(List.of(flags));
      command.addAll(this == CLASS_PATH
          ? List.of("--class-path", Artifacts.path(entries), "example.Main")
          : List.of("--module-path", Artifacts.path(entries), "--module", "example.app/example.Main"));
      command.addAll(List.of(Expected.BUNDLED_MODEL.toString(), EXPECTED.prompt()));
      return ChildProcess.jdk("java", command).orFail();
    }
  }

  @BeforeAll
  static void compileExample() {
    Artifacts.compile(SOURCES, classes);
  }

  @ParameterizedTest
  @EnumSource
  void withoutFlagsTheJdkWarnsOnceAndOfTheCpuAlone(Launch launch) {
    ChildProcess run = launch.run();
    assertTrue(line(run, "chosen ").startsWith("chosen native_"), run.out());
    assertRight(run);
    List<String> warnings = nativeWarnings(run);
    assertEquals(4, warnings.size(), run.err());
    assertTrue(warnings.getFirst().contains("restricted method"), run.err());
    assertTrue(warnings.get(1).contains("called by io.gllm.kernels.cpu."), run.err());
    assertTrue(run.out().contains("backend cpu ok"), run.out());
  }

  @ParameterizedTest
  @EnumSource
  void withNativeAccessNothingWarns(Launch launch) {
    ChildProcess run = launch.runWithNativeAccess();
    assertTrue(line(run, "chosen ").startsWith("chosen native_"), run.out());
    assertRight(run);
    assertEquals(List.of(), nativeWarnings(run));
  }

  @ParameterizedTest
  @EnumSource
  void withNativeAccessDeniedTheTierFallsWithItsReason(Launch launch) {
    ChildProcess denied = launch.run("--illegal-native-access=deny");
    assertFalse(line(denied, "chosen ").startsWith("chosen native_"), denied.out());
    assertRight(denied);
    String note = line(denied, "note native tier: ");
    assertTrue(note.contains("Illegal native access"), note);
    assertTrue(note.contains(launch == Launch.CLASS_PATH ? "=ALL-UNNAMED" : "=io.gllm.kernels.cpu"), note);
    assertEquals(List.of(), nativeWarnings(denied));
    assertEquals(line(launch.runWithNativeAccess(), "reproducible "), line(denied, "reproducible "), "the tiers differ in their bits");
  }

  @ParameterizedTest
  @EnumSource
  void everyBackendAnswers(Launch launch) {
    List<String> backends = launch.runWithNativeAccess().out().lines().filter(line -> line.startsWith("backend "))
        .map(line -> line.split(" ")[1])
        .toList();
    assertEquals(List.of("cuda", "rocm", "metal", "vulkan", "cpu"), backends);
  }

  /** The model continues its prompt as an independent implementation does. */
  private static void assertRight(ChildProcess run) {
    assertEquals("ids " + Arrays.toString(EXPECTED.ids()), line(run, "ids "));
  }

  /** Warnings but that of the JDK about its own incubator module, which no library can turn off. */
  private static List<String> nativeWarnings(ChildProcess run) {
    return run.warnings().stream().filter(line -> !line.startsWith("WARNING: Using incubator modules: jdk.incubator.vector")).toList();
  }

  private static String line(ChildProcess run, String start) {
    Stream<String> lines = run.out().lines().filter(line -> line.startsWith(start));
    return lines.findFirst().orElseThrow(() -> new AssertionError("no line " + start + "in\n" + run.out() + run.err()));
  }
}

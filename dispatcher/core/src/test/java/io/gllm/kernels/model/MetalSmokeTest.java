package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.TestDispatchers;
import io.gllm.kernels.api.spi.SelfTestReport;
import io.gllm.kernels.metal.MetalStandIn;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program for a Mac's owner, on the stand-in for Metal, prints what it says that it prints. */
class MetalSmokeTest {
  private static final Path SOURCE = Path.of("..", "..", "scripts", "MetalSmoke.java");

  @TempDir
  private Path folder;

  private static String print(KernelDispatcher metal, SelfTestReport tests, Path classes) throws ReflectiveOperationException, IOException {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (URLClassLoader loader = new URLClassLoader(new URL[]{classes.toUri().toURL()}, MetalSmokeTest.class.getClassLoader())) {
      loader.loadClass("MetalSmoke").getMethod("run", KernelDispatcher.class, SelfTestReport.class, Path.class, PrintStream.class)
          .invoke(null, metal, tests, Expected.BUNDLED_MODEL, new PrintStream(printed, true));
    }
    return printed.toString();
  }

  private Path compiled() throws IOException {
    Path classes = Files.createDirectories(folder.resolve("classes"));
    int result = ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none", "-d", classes.toString(), "-cp",
        System.getProperty("java.class.path"), SOURCE.toString());
    assertEquals(0, result);
    return classes;
  }

  /** The lines of the comment, where N stands for anything. */
  private static List<Pattern> expected() throws IOException {
    return Files.readAllLines(SOURCE).stream().filter(line -> line.matches(" \\*   (\\d .*|PASS)"))
        .map(line -> Pattern.compile(Pattern.quote(line.substring(5)).replace("N", "\\E.*\\Q"))).toList();
  }

  @Test
  void itPrintsWhatItSays() throws ReflectiveOperationException, IOException {
    MetalStandIn metal = new MetalStandIn(folder);
    try (KernelDispatcher kernels = TestDispatchers.on(metal.provider())) {
      List<String> lines = print(kernels, new SelfTestReport(3, Map.of()), compiled()).lines().toList();
      List<Pattern> expected = expected();
      assertEquals(8, expected.size());
      assertEquals(8, lines.size(), lines.toString());
      for (int i = 0; i < 8; i++) {
        assertTrue(expected.get(i).matcher(lines.get(i)).matches(), lines.get(i) + " instead of " + expected.get(i));
      }
    }
    assertEquals(List.of(), metal.mistakes());
  }

  @Test
  void aKernelInQuarantineIsAFailure() throws ReflectiveOperationException, IOException {
    MetalStandIn metal = new MetalStandIn(folder);
    try (KernelDispatcher kernels = TestDispatchers.on(metal.provider())) {
      String printed = print(kernels, new SelfTestReport(2, Map.of("exp_f32", "wrong bits")), compiled());
      assertTrue(printed.contains("2 kernels: FAIL, expected: 2 of 3 give their known answers, not {exp_f32=wrong bits}"), printed);
      assertTrue(printed.endsWith("FAIL" + System.lineSeparator()), printed);
    }
  }
}

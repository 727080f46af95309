package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.Machine;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The start of LWJGL, in processes of their own: it prints nothing, and leaves nothing behind. */
class LwjglTest {
  @TempDir
  private Path temporary;

  /** Opens the device as an application does. */
  static final class Application {
    public static void main(String[] arguments) {
      try (VulkanDevice device = Llvmpipe.open(new LwjglCalls(), Llvmpipe.PLAIN)) {
        System.out.println(device.info().backend() + " opened, memory " + System.getProperty("org.lwjgl.system.memoryBackend"));
      } catch (KernelException e) {
        System.out.println("failed: " + e.getMessage());
      }
    }
  }

  private String run(String classPath) throws IOException, InterruptedException {
    return run(List.of("--enable-native-access=ALL-UNNAMED", "-cp", classPath, Application.class.getName()));
  }

  private String run(List<String> arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC", "-Djava.io.tmpdir=" + temporary));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), out);
    return out.strip();
  }

  private static String classPath(String without) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).filter(entry -> !entry.contains(without))
        .collect(Collectors.joining(File.pathSeparator));
  }

  @Test
  void itStartsWithoutAWord() throws IOException, InterruptedException {
    Llvmpipe.found();
    assertEquals("vulkan opened, memory ffm", run(classPath("no such jar")));
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(0, left.count(), "the unpacked library stays");
    }
  }

  /** On the module path nothing is added by name; the jar of this system is found behind those of others. */
  @Test
  void itStartsOnTheModulePath() throws IOException, InterruptedException {
    VulkanProbe.Found found = Llvmpipe.found();
    String path = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !entry.endsWith("test-classes") && entry.matches(".*(lwjgl|wgpu-vulkan|gllm-kernels-api|dispatcher.api).*"))
        .sorted(Comparator.reverseOrder()).collect(Collectors.joining(File.pathSeparator));
    String out = run(List.of("--module-path", path, "--add-modules", "io.gllm.kernels.vulkan", "--patch-module",
        "io.gllm.kernels.vulkan=" + Path.of("target", "test-classes"), "--enable-native-access=io.gllm.kernels.vulkan,org.lwjgl", "-m",
        "io.gllm.kernels.vulkan/" + Start.class.getName(), found.library().toString()));
    assertEquals("started in io.gllm.kernels.vulkan", out);
  }

  /** Starts LWJGL and nothing else. */
  static final class Start {
    public static void main(String[] arguments) {
      Lwjgl.start(Path.of(arguments[0]));
      System.out.println("started in " + Lwjgl.class.getModule().getName());
    }
  }

  @Test
  void theLibraryOfASystemIsNamedAsInItsJar() throws IOException {
    Machine windows = new Machine("windows", "x86_64", temporary, Map.of());
    Machine arm = new Machine("linux", "aarch64", temporary, Map.of());
    assertEquals("windows/x64/org/lwjgl/lwjgl.dll", LwjglNatives.resource(windows));
    assertEquals("linux/arm64/org/lwjgl/liblwjgl.so", LwjglNatives.resource(arm));
    for (Machine machine : List.of(windows, arm)) {
      assertTrue(LwjglNatives.find(machine).length > 100_000);
    }
  }

  @Test
  void withoutItsNativeLibraryOneExceptionTells() throws IOException, InterruptedException {
    Llvmpipe.found();
    String out = run(classPath("-natives-"));
    assertTrue(out.startsWith("failed: LWJGL cannot be started: "), out);
    assertEquals(1, out.lines().count(), out);
  }
}

package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Djava.io.tmpdir=" + temporary, "-cp", classPath,
        Application.class.getName()).redirectErrorStream(true).start();
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

  @Test
  void withoutItsNativeLibraryOneExceptionTells() throws IOException, InterruptedException {
    Llvmpipe.found();
    String out = run(classPath("-natives-"));
    assertTrue(out.startsWith("failed: LWJGL cannot be started: "), out);
    assertEquals(1, out.lines().count(), out);
  }
}

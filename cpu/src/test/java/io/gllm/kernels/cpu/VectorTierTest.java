package io.gllm.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DType;
import io.gllm.kernels.report.TierReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The vector tier on the class path and on the module path, with and without its module, each in a JVM of its own. */
class VectorTierTest {
  private static final String FLAG = "--add-modules jdk.incubator.vector";

  private static String home(Class<?> c) {
    return Path.of(c.getProtectionDomain().getCodeSource().getLocation().getPath()).toString();
  }

  private static String java(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor() == 0, output);
    return output;
  }

  private static String classPath() {
    return String.join(System.getProperty("path.separator"), home(CpuDevice.class), home(DType.class), home(TierReport.class));
  }

  private static String report() {
    return TierReport.class.getName();
  }

  @Test
  void classPathWithoutTheFlagLeavesTheTierOut() throws Exception {
    String output = java("-Xlog:class+load", "-cp", classPath(), report());
    assertTrue(output.contains("scalar_vec_add_f32 true"), output);
    assertTrue(output.contains("vector_vec_add_f32 false"), output);
    assertTrue(output.contains("present in the JDK, not enabled"), output);
    assertTrue(output.contains(FLAG), output);
    assertFalse(output.contains("WARNING"), output);
    assertFalse(output.contains("io.gllm.kernels.cpu.vector."), "a class of the vector package was loaded");
  }

  @Test
  void classPathWithTheFlagUsesIt() throws Exception {
    String output = java("--add-modules", "jdk.incubator.vector", "-cp", classPath(), report());
    assertTrue(output.contains("vector_vec_add_f32 true"), output);
    assertFalse(output.contains("note vector"), output);
  }

  @Test
  void modulePathNeedsNoFlag() throws Exception {
    String modules = String.join(System.getProperty("path.separator"), home(CpuDevice.class), home(DType.class));
    String output = java("-p", modules, "--add-modules", "io.gllm.kernels.cpu", "-cp", home(TierReport.class), report());
    assertTrue(output.contains("vector_vec_add_f32 true"), output);
  }

  @Test
  void runtimeThatCompilesNoVectorsLeavesTheTierOut() throws Exception {
    for (String mode : List.of("-Xint", "-XX:TieredStopAtLevel=1")) {
      String output = java(mode, "--add-modules", "jdk.incubator.vector", "-cp", classPath(), report());
      assertTrue(output.contains("scalar_vec_add_f32 true"), output);
      assertTrue(output.contains("does not compile vectors"), output);
    }
  }
}

package io.gllm.kernels.packaging;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A runtime image of the library alone, made by jlink, starts and finds its backends and blobs. */
class RuntimeImageIT {
  private static final String MODULES = "example.app,io.gllm.kernels.cpu,io.gllm.kernels.cuda,io.gllm.kernels.rocm,io.gllm.kernels.metal,"
      + "io.gllm.kernels.vulkan";

  @TempDir
  Path folder;

  @Test
  void theImageRuns() {
    Path classes = folder.resolve("classes");
    Path image = folder.resolve("image");
    Artifacts.compile(Path.of("src", "test", "packaging", "example.app"), classes);
    List<Path> entries = new ArrayList<>(Artifacts.jars());
    entries.add(classes);
    ChildProcess link = ChildProcess.jdk("jlink",
        List.of("--module-path", Artifacts.path(entries), "--add-modules", MODULES, "--output", image.toString()));
    assumeTrue(link.exit() == 0 || required() || canLink(), "this JDK cannot make runtime images: " + link.out());
    link.orFail();
    String java = image.resolve("bin").resolve("java").toString();
    String out = ChildProcess.run(List.of(java, "-m", "example.app/example.Main"), folder).orFail().out();
    assertTrue(out.contains("chosen native_rms_norm_f32"), out);
    assertTrue(out.contains("backend cuda "), out);
  }

  /** Some JDKs come without what jlink needs; CI says that this one must have it. */
  private static boolean required() {
    return System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("jlink");
  }

  private boolean canLink() {
    return ChildProcess.jdk("jlink", List.of("--add-modules", "java.base", "--output", folder.resolve("base").toString())).exit() == 0;
  }
}

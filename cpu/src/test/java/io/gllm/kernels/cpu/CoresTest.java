package io.gllm.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Physical cores from the system's topology files. */
class CoresTest {
  @TempDir
  Path folder;

  private void cpu(int number, String siblings) throws IOException {
    Path topology = Files.createDirectories(folder.resolve("cpu" + number + "/topology"));
    Files.writeString(topology.resolve("thread_siblings_list"), siblings + "\n");
  }

  @Test
  void siblingsCountOnce() throws IOException {
    cpu(0, "0,2");
    cpu(1, "1,3");
    cpu(2, "0,2");
    cpu(3, "1,3");
    Files.createDirectories(folder.resolve("cpufreq"));
    assertEquals(2, Cores.physical(folder, 4));
    assertEquals(1, Cores.physical(folder, 1), "a container may allow fewer");
  }

  @Test
  void withoutTopologyTheProcessorsCount() {
    assertEquals(7, Cores.physical(folder, 7));
    assertEquals(7, Cores.physical(folder.resolve("none"), 7));
  }
}

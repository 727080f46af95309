package io.gllm.kernels.cpu;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** Counts physical cores: two hardware threads of a core share its vector units, so a second one gains nothing here. */
final class Cores {
  private Cores() {}

  /** Physical cores, at most the processors that this process may use; the processors where the system does not tell. */
  static int physical() {
    return physical(Path.of("/sys/devices/system/cpu"), Runtime.getRuntime().availableProcessors());
  }

  static int physical(Path folder, int processors) {
    Set<String> cores = new HashSet<>();
    try (DirectoryStream<Path> cpus = Files.newDirectoryStream(folder, "cpu[0-9]*")) {
      for (Path cpu : cpus) {
        Path siblings = cpu.resolve("topology/thread_siblings_list");
        if (Files.isReadable(siblings)) {
          cores.add(Files.readString(siblings).trim());
        }
      }
    } catch (IOException e) {
      return processors;
    }
    return cores.isEmpty() ? processors : Math.min(cores.size(), processors);
  }
}

package io.gllm.kernels.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.Stream;

/**
 * Where a report was measured.
 *
 * @param processor the processor's own name, as far as the system tells it
 * @param processors hardware threads that the JVM sees
 * @param os system and version
 * @param arch processor architecture
 * @param jdk version of the JDK
 * @param vm name of the JVM
 * @param date UTC, to the second
 */
public record Machine(String processor, int processors, String os, String arch, String jdk, String vm, String date) {
  private static final Path LINUX_PROCESSORS = Path.of("/proc/cpuinfo");

  /** This machine, now. */
  static Machine here() {
    return new Machine(processorName(), Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"), System.getProperty("os.arch"),
        System.getProperty("java.runtime.version"), System.getProperty("java.vm.name"),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
  }

  /** The hardware in a line. */
  String hardware() {
    return processor + ", " + processors + " threads, " + arch;
  }

  private static String processorName() {
    String windows = System.getenv("PROCESSOR_IDENTIFIER");
    if (Files.isReadable(LINUX_PROCESSORS)) {
      try (Stream<String> lines = Files.lines(LINUX_PROCESSORS)) {
        return lines.filter(line -> line.startsWith("model name")).map(line -> line.substring(line.indexOf(':') + 1).strip()).findFirst()
            .orElse("unknown");
      } catch (IOException e) {
        return "unknown";
      }
    }
    return windows != null ? windows : "unknown";
  }
}

package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
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
 * @param backend the backend that was measured
 * @param device the device's name
 * @param features what the device can do
 * @param tier the tier that was asked for, or {@code best}
 * @param isa the instruction set of the native tier that was asked for, or {@code best}
 * @param threads threads of the CPU that took part
 */
public record Machine(
    String processor,
    int processors,
    String os,
    String arch,
    String jdk,
    String vm,
    String date,
    String backend,
    String device,
    List<String> features,
    String tier,
    String isa,
    int threads) {
  private static final Path LINUX_PROCESSORS = Path.of("/proc/cpuinfo");

  /** This machine, with the device of {@code kernels}, opened as {@code options} ask. */
  static Machine of(KernelDispatcher kernels, BenchOptions options, int threads) {
    var device = kernels.device();
    return new Machine(processorName(), Runtime.getRuntime().availableProcessors(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"), System.getProperty("os.arch"),
        System.getProperty("java.runtime.version"), System.getProperty("java.vm.name"),
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        device.backend(), device.name(), device.features(), orBest(options.tier()), orBest(options.isa()), threads);
  }

  private static String orBest(String wanted) {
    return wanted == null ? "best" : wanted;
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

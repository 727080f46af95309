package io.gllm.kernels.cli;

import io.gllm.kernels.BackendState;
import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.SelfTestReport;
import io.gllm.kernels.bench.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Every backend with its state, reason and fix, the blobs and their hashes, and the flag line that gives all tiers. Exits with 0 if a
 * GPU is used, 1 if only the CPU is, 2 if something is broken.
 */
@Command(name = "doctor", description = "Shows every backend with its state, the reason, and what to do.")
final class DoctorCommand implements Callable<Integer> {
  private static final String FLAGS = "--enable-native-access=ALL-UNNAMED --add-modules jdk.incubator.vector";

  @Spec
  private CommandSpec spec;

  @Option(names = "--json", description = "Prints JSON.")
  private boolean json;

  @Option(names = "--self-test", description = "Opens every device and tests all of its kernels on known data.")
  private boolean selfTest;

  /** State of the blobs of one backend. */
  private record BlobState(String backend, int count, int bytes, List<String> problems) {}

  @Override
  public Integer call() {
    List<BackendState> backends = KernelDispatcher.diagnose();
    List<BlobState> blobs = Stream.of("cpu", "cuda", "cuda-tuned", "rocm", "rocm-tuned", "metal", "metal-tuned", "vulkan")
        .map(DoctorCommand::checkBlobs).toList();
    String chosen = chosen();
    Map<String, SelfTestReport> tests = selfTest ? selfTests(backends) : Map.of();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.print(toJson(backends, blobs, tests, chosen));
    } else {
      print(out, backends, blobs, tests, chosen);
    }
    boolean broken = blobs.stream().anyMatch(blob -> !blob.problems().isEmpty())
        || tests.values().stream().anyMatch(test -> !test.quarantined().isEmpty());
    if (chosen == null || broken) {
      return 2;
    }
    return chosen.equals("cpu") ? 1 : 0;
  }

  private static String chosen() {
    try (KernelDispatcher kernels = KernelDispatcher.create()) {
      return kernels.device().backend();
    } catch (KernelException e) {
      return null;
    }
  }

  /** The first device of each backend. */
  private static Map<String, SelfTestReport> selfTests(List<BackendState> backends) {
    Map<String, SelfTestReport> tests = new LinkedHashMap<>();
    for (BackendState backend : backends) {
      if (!backend.devices().isEmpty()) {
        try (Device device = KernelDispatcher.builder().backend(backend.name()).openDevice()) {
          tests.put(backend.name(), device.testKernels());
        } catch (KernelException e) {
          tests.put(backend.name(), new SelfTestReport(0, Map.of("device", String.valueOf(e.getMessage()))));
        }
      }
    }
    return tests;
  }

  /** Reads every blob of a backend and compares it with its manifest. */
  private static BlobState checkBlobs(String backend) {
    List<String> problems = new ArrayList<>();
    int count = 0;
    int bytes = 0;
    try {
      BlobManifest manifest = BlobManifest.of(backend);
      for (Blob blob : manifest.blobs().values()) {
        count++;
        bytes += blob.bytes();
        try {
          manifest.load(blob);
        } catch (KernelException e) {
          problems.add(e.getMessage());
        }
      }
    } catch (KernelException e) {
      problems.add(e.getMessage());
    }
    return new BlobState(backend, count, bytes, problems);
  }

  private static void print(PrintWriter out, List<BackendState> backends, List<BlobState> blobs, Map<String, SelfTestReport> tests,
      String chosen) {
    for (BackendState backend : backends) {
      for (DeviceInfo device : backend.devices()) {
        out.printf("[ok] %-7s %s%s%n", backend.name(), device.name(), device.software() ? " (software, ranked below the CPU)" : "");
        if (!device.features().isEmpty()) {
          out.println("             features: " + String.join(" ", device.features()));
        }
        device.notes().forEach(note -> out.println("             " + note));
      }
      if (backend.rejection() != null) {
        out.printf("[--] %-7s %s%n", backend.name(), backend.rejection().seen());
        out.println("             fix: " + backend.rejection().fix());
      }
      ownNotes(backend).forEach(note -> out.println("             " + note));
      print(out, tests.get(backend.name()));
    }
    for (BlobState blob : blobs) {
      out.printf("blobs        %s: %d, %d bytes, %s%n", blob.backend(), blob.count(), blob.bytes(),
          blob.problems().isEmpty() ? "all SHA-256 match the manifest" : String.join("; ", blob.problems()));
    }
    out.println("java         " + System.getProperty("java.vm.name") + " " + Runtime.version());
    out.println("all tiers    java " + FLAGS + " ...");
    out.println("chosen       " + (chosen == null ? "none" : chosen));
  }

  /** Notes of the backend that none of its devices repeats. */
  private static List<String> ownNotes(BackendState backend) {
    return backend.notes().stream().filter(note -> backend.devices().stream().noneMatch(device -> device.notes().contains(note))).toList();
  }

  private static void print(PrintWriter out, SelfTestReport test) {
    if (test != null && test.passed() + test.quarantined().size() > 0) {
      out.printf("             self-test: %d kernels give the known bits, %d are in quarantine%n", test.passed(),
          test.quarantined().size());
      test.quarantined().forEach((kernel, reason) -> out.printf("             %s: %s%n", kernel, reason));
    }
  }

  private static String toJson(List<BackendState> backends, List<BlobState> blobs, Map<String, SelfTestReport> tests, String chosen) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("backends", backends.stream().map(DoctorCommand::entry).toList());
    json.put("blobs", blobs.stream().map(DoctorCommand::entry).toList());
    if (!tests.isEmpty()) {
      Map<String, Object> results = new LinkedHashMap<>();
      tests.forEach((backend, test) -> results.put(backend, Map.of("passed", test.passed(), "quarantined", test.quarantined())));
      json.put("selfTests", results);
    }
    json.put("java", Runtime.version().toString());
    json.put("flags", FLAGS);
    json.put("chosen", chosen);
    return Json.text(json);
  }

  private static Map<String, Object> entry(BlobState blob) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("backend", blob.backend());
    entry.put("count", blob.count());
    entry.put("bytes", blob.bytes());
    entry.put("problems", blob.problems());
    return entry;
  }

  private static Map<String, Object> entry(BackendState backend) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", backend.name());
    entry.put("state", backend.rejection() == null ? "ok" : "rejected");
    if (backend.rejection() != null) {
      entry.put("code", backend.rejection().code());
      entry.put("reason", backend.rejection().seen());
      entry.put("fix", backend.rejection().fix());
    }
    entry.put("notes", backend.notes());
    entry.put("devices", backend.devices().stream().map(DoctorCommand::entry).toList());
    return entry;
  }

  private static Map<String, Object> entry(DeviceInfo device) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", device.name());
    entry.put("software", device.software());
    entry.put("features", device.features());
    entry.put("notes", device.notes());
    return entry;
  }
}

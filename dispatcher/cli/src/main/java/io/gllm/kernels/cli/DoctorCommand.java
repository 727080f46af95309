package io.gllm.kernels.cli;

import io.gllm.kernels.BackendState;
import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.bench.Json;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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

  /** State of the blobs of one backend. */
  private record BlobState(String backend, int count, int bytes, List<String> problems) {}

  @Override
  public Integer call() {
    List<BackendState> backends = KernelDispatcher.diagnose();
    BlobState blobs = checkBlobs("cpu");
    String chosen = chosen();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.print(toJson(backends, blobs, chosen));
    } else {
      print(out, backends, blobs, chosen);
    }
    if (chosen == null || !blobs.problems().isEmpty()) {
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

  private static void print(PrintWriter out, List<BackendState> backends, BlobState blobs, String chosen) {
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
    }
    out.printf("blobs        %s: %d, %d bytes, %s%n", blobs.backend(), blobs.count(), blobs.bytes(),
        blobs.problems().isEmpty() ? "all SHA-256 match the manifest" : String.join("; ", blobs.problems()));
    out.println("java         " + System.getProperty("java.vm.name") + " " + Runtime.version());
    out.println("all tiers    java " + FLAGS + " ...");
    out.println("chosen       " + (chosen == null ? "none" : chosen));
  }

  private static String toJson(List<BackendState> backends, BlobState blobs, String chosen) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("backends", backends.stream().map(DoctorCommand::entry).toList());
    Map<String, Object> blobEntry = new LinkedHashMap<>();
    blobEntry.put("backend", blobs.backend());
    blobEntry.put("count", blobs.count());
    blobEntry.put("bytes", blobs.bytes());
    blobEntry.put("problems", blobs.problems());
    json.put("blobs", blobEntry);
    json.put("java", Runtime.version().toString());
    json.put("flags", FLAGS);
    json.put("chosen", chosen);
    return Json.text(json);
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

package io.gllm.kernels.rocm;

import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.rocm.gcn.GcnFault;
import io.gllm.kernels.rocm.gcn.Listing;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A GPU of some chip on the stand-in runtime, which executes the shipped code of that chip. */
final class StandInGpu {
  private static final Path SCRIPT = Path.of("..", "scripts", "disassemble-hsaco");
  private static final Map<String, Listing> LISTINGS = new ConcurrentHashMap<>();

  private StandInGpu() {}

  /** Whether listings are made anew and not those that are committed, which two chips have. */
  static boolean disassembles() {
    return Boolean.getBoolean("gllm.rocm.all");
  }

  /** The disassembly of a chip's portable kernels: committed, or made now. */
  static Listing listing(String chip) {
    return read(chip, "");
  }

  /** The same of its tuned kernels. */
  static Listing tuned(String chip) {
    return read(chip, "-tuned");
  }

  private static Listing read(String chip, String which) {
    return LISTINGS.computeIfAbsent(chip + which, name -> {
      try (InputStream in = StandInGpu.class.getResourceAsStream("gcn/" + name + ".lst.gz")) {
        return Listing.read(in != null && !disassembles() ? in.readAllBytes() : disassemble(chip, name));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    });
  }

  private static byte[] disassemble(String chip, String name) throws IOException {
    Path folder = Path.of("target", "listings");
    Process process = new ProcessBuilder(SCRIPT.toString(), "--out", folder.toAbsolutePath().toString(), chip).redirectErrorStream(true)
        .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.onExit().join().exitValue() != 0) {
      throw new GcnFault(output);
    }
    return Files.readAllBytes(folder.resolve(name + ".lst.gz"));
  }

  /** A machine with one GPU. */
  static StandInHsa runtime(Listing listing) {
    return runtime(listing, tuned(listing.target()));
  }

  static StandInHsa runtime(Listing listing, Listing tuned) {
    StandInHsa runtime = new StandInHsa(new Interpreter(listing, tuned));
    BlobManifest manifest = BlobManifest.of("rocm");
    runtime.isas = List.of("amdgcn-amd-amdhsa--" + listing.target());
    runtime.machine = manifest.load(manifest.blobs().get(listing.target()))[48] & 0xff;
    runtime.total = 8L << 30;
    return runtime;
  }

  static Device open(StandInHsa runtime) {
    RocmBackendProvider provider = ProbeKernels.install(runtime, RocmBlobs::onClassPath);
    return provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
  }
}

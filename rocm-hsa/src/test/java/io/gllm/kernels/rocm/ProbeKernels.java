package io.gllm.kernels.rocm;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.gllm.kernels.api.blob.Blob;
import io.gllm.kernels.api.blob.BlobManifest;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.rocm.gcn.DeviceMemoryMap;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;

/** The kernels of probe.hip: as blobs, and what they compute, in Java. */
final class ProbeKernels {
  private static final byte[] GFX90A = code("gfx90a");
  private static final byte[] GFX1100 = code("gfx1100");

  private ProbeKernels() {}

  static RocmBlobs blobs() {
    String manifest = entries("gfx90a", "gfx90a=53f", GFX90A.length) + entries("gfx1100", "gfx1100=41", GFX1100.length);
    Map<String, Blob> blobs = BlobManifest.parse("probe", manifest);
    return new RocmBlobs(blobs.values(), blob -> (blob.target().equals("gfx90a") ? GFX90A : GFX1100).clone());
  }

  private static String entries(String target, String chips, int bytes) {
    return """
        blob	%1$s	probe.hsaco	%2$d	0	%5$s	0	clang
        entry	%1$s	scale_f32	0	%2$d;64;0;f32 in x,f32 out y;uint n,float factor
        entry	%1$s	fault_u32	0	%2$d;1;0;u32 out faults;uint what,uint position,int value,uint limit
        entry	%1$s	wild_u32	0	%2$d;1;0;u32 out x;uint at
        entry	%1$s	absent_u32	0	%2$d;1;0;u32 out x;uint at
        entry	%1$s	cut_u32	1	%3$d;1;0;u32 out x;uint at
        entry	%1$s	outside_u32	0	%4$d;1;0;u32 out x;uint at
        """.formatted(target, bytes, bytes - 1, bytes + 1, chips);
  }

  /** Blobs whose manifest says other arguments than the code. */
  static RocmBlobs withOtherArguments() {
    Map<String, Blob> blobs = BlobManifest.parse("probe", """
        blob	gfx90a	probe.hsaco	%1$d	0	gfx90a=53f	0	clang
        entry	gfx90a	scale_f32	0	%1$d;64;0;f32 in x;uint n,float factor
        """.formatted(GFX90A.length));
    return new RocmBlobs(blobs.values(), _ -> GFX90A.clone());
  }

  private static byte[] code(String chip) {
    try (InputStream in = ProbeKernels.class.getResourceAsStream("probe-" + chip + ".hsaco")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A runtime that computes what these kernels do. */
  static StandInHsa runtime() {
    return new StandInHsa(ProbeKernels::run);
  }

  /** The backend on a machine where {@code runtime} is installed. */
  static RocmBackendProvider install(SymbolLookup runtime, Supplier<RocmBlobs> blobs) {
    try {
      Path root = Files.createTempDirectory("gllm-rocm-");
      for (String file : new String[]{"dev/kfd", "opt/rocm/lib/libhsa-runtime64.so.1"}) {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.createFile(path);
        path.toFile().deleteOnExit();
      }
      return new RocmBackendProvider(new RocmProbe(new Machine("linux", "x86_64", root, Map.of()), () -> true, _ -> runtime, blobs));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void run(CodeObject code, String kernel, MemorySegment arguments, int x, int y, int z, int threads,
      DeviceMemoryMap memory) {
    switch (kernel) {
      case "scale_f32" -> scale(arguments, x * threads, memory);
      case "fault_u32" -> {
        MemorySegment words = memory.segment(arguments.get(JAVA_LONG_UNALIGNED, 0), 16);
        MemorySegment.copy(arguments, 8, words, 0, 16);
      }
      case "wild_u32" -> memory.segment(arguments.get(JAVA_LONG_UNALIGNED, 0) + 4L * arguments.get(JAVA_INT_UNALIGNED, 8), 4)
          .set(JAVA_INT_UNALIGNED, 0, 1);
      default -> throw new IllegalArgumentException(kernel);
    }
  }

  private static void scale(MemorySegment arguments, int threads, DeviceMemoryMap memory) {
    int n = Math.min(threads, arguments.get(JAVA_INT_UNALIGNED, 16));
    float factor = arguments.get(JAVA_FLOAT_UNALIGNED, 20);
    MemorySegment in = memory.segment(arguments.get(JAVA_LONG_UNALIGNED, 0), 4L * n);
    MemorySegment out = memory.segment(arguments.get(JAVA_LONG_UNALIGNED, 8), 4L * n);
    for (int i = 0; i < n; i++) {
      out.set(JAVA_FLOAT_UNALIGNED, 4L * i, in.get(JAVA_FLOAT_UNALIGNED, 4L * i) * factor);
    }
  }
}

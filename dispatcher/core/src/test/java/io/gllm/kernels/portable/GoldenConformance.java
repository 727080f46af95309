package io.gllm.kernels.portable;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Every format on the golden blocks, which are looked for in the folder named by the system property {@code gllm.golden}, else in
 * {@code ../shared/golden} beside the repository. With {@code golden} in GLLM_REQUIRE their absence is a failure. A backend's test says
 * how to open it.
 */
abstract class GoldenConformance {
  private static final Path FOLDER = Path.of(System.getProperty("gllm.golden", "../../../shared/golden"));

  /** A device; aborts the test where there is none. */
  protected abstract Device open();

  /** What the device did wrong, after it was closed. */
  protected List<String> mistakes() {
    return List.of();
  }

  @Test
  void everyValueBitForBit() throws IOException {
    Path index = FOLDER.resolve("index.tsv");
    String missing = "there is no " + index.toAbsolutePath().normalize() + "; name its folder with -Dgllm.golden";
    if (!Files.exists(index)) {
      assertFalse(System.getenv().getOrDefault("GLLM_REQUIRE", "").contains("golden"), missing);
    }
    assumeTrue(Files.exists(index), missing);
    List<String> lines = Files.readAllLines(index);
    assertEquals(27, lines.size(), "a head and 26 formats");
    try (Device device = open(); Queue queue = device.openQueue(Numerics.REPRODUCIBLE); Arena arena = Arena.ofConfined()) {
      for (String line : lines.subList(1, lines.size())) {
        String[] f = line.split("\t");
        byte[] expected = Files.readAllBytes(FOLDER.resolve(f[6]));
        MemorySegment blocks = arena.allocateFrom(ValueLayout.JAVA_BYTE, Files.readAllBytes(FOLDER.resolve(f[5])));
        byte[] values = dequant(device, queue, QuantFormat.valueOf(f[0].toUpperCase(Locale.ROOT)), blocks, expected.length / 4);
        assertArrayEquals(withOneNaN(expected), withOneNaN(values), f[0]);
      }
    }
    assertEquals(List.of(), mistakes());
  }

  /** The first device of a backend that is not on the list of services. */
  static Device first(BackendProvider provider) {
    BackendConfig config = new BackendConfig(Map.of());
    return provider.open(provider.probe(config).devices().getFirst(), config);
  }

  private static byte[] dequant(Device device, Queue queue, QuantFormat format, MemorySegment blocks, int n) {
    long bytes = format.bytesFor(n);
    try (Buffer in = Buffer.owning(device.allocate(bytes), format, n);
        Buffer out = Buffer.owning(device.allocate(4L * n), DType.F32, n);
        Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocate(4L * n, 64);
      queue.copy(Buffer.wrap(blocks, format), in);
      Dequant.check(in, out, n);
      queue.kernel(Dequant.OP, format).run(in, out, n);
      queue.copy(out, Buffer.wrap(values, DType.F32));
      queue.sync();
      return values.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /** NaN may have any payload. */
  private static int[] withOneNaN(byte[] bytes) {
    int[] bits = MemorySegment.ofArray(bytes).toArray(ValueLayout.JAVA_INT_UNALIGNED);
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.isNaN(Float.intBitsToFloat(bits[i])) ? 0x7fc00000 : bits[i];
    }
    return bits;
  }
}

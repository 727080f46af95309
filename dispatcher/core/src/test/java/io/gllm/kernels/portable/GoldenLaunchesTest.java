package io.gllm.kernels.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.PagedAttention;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.api.portable.KernelInterface;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.spi.Queue;
import io.gllm.kernels.testkit.Conformance;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The known answers for the first use of a kernel on a device: recorded from the conformance suite on the checked host build with
 * {@code -Dgllm.update=true}, and right on it now, since it tests its kernels by them as every device does.
 */
class GoldenLaunchesTest {
  private static final Path SOURCES = Path.of("..", "..", "kernels-bin", "src", "main");
  private static final Path FILE = SOURCES.resolve(Path.of("resources", GoldenLaunch.RESOURCE));
  private static final int MOST_BYTES = 4 << 10;

  private final Map<String, GoldenLaunch> best = new TreeMap<>();

  @Test
  void everyKernelHasOneAndGivesIt() throws IOException {
    if (Boolean.getBoolean("gllm.update")) {
      record();
    }
    HostDevice device = HostDevice.testing(HostLibrary.get());
    List<String> wrong = new ArrayList<>();
    try (Queue queue = device.openQueue(Numerics.FAST)) {
      for (String symbol : new TreeSet<>(HostLibrary.get().symbols())) {
        try {
          device.selfTest().require((Launcher) queue, symbol);
        } catch (KernelException e) {
          wrong.add(e.getMessage());
        }
      }
    }
    assertEquals(List.of(), wrong, "run this test with -Dgllm.update=true if the kernel was meant to change");
  }

  private void record() throws IOException {
    Conformance.run(HostDevice.recording(HostLibrary.get(), 128 << 20, this::consider), Numerics.REPRODUCIBLE, test -> true, result -> {});
    // Caches are gathered only where they exceed a window; those of most cases fail on so small a one.
    Conformance.run(HostDevice.recording(HostLibrary.get(), 1536, this::consider), Numerics.REPRODUCIBLE,
        test -> test.op() == PagedAttention.OP && test.type() == DType.F32, result -> {});
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(FILE))) {
      out.writeInt(best.size());
      for (GoldenLaunch launch : best.values()) {
        launch.write(out);
      }
    }
  }

  /**
   * The largest small launch that writes something, or the smallest if none is small, of numbers that every device keeps: no result
   * is NaN, nothing is near the flushed range. The buffers of a test do not overlap, so that what a launch in place reads stays.
   */
  private void consider(KernelInterface kernel, int[] grid, int[] parameters, List<byte[]> before, List<byte[]> after) {
    int size = bytes(kernel, before);
    boolean changes = !after.stream().map(Arrays::hashCode).toList().equals(before.stream().map(Arrays::hashCode).toList());
    GoldenLaunch old = best.get(kernel.symbol());
    if (changes && (old == null || better(size, bytes(kernel, old.before()))) && plain(kernel, before, after)) {
      List<byte[]> results = IntStream.range(0, after.size())
          .mapToObj(i -> kernel.buffers().get(i).access().equals("in") ? before.get(i) : after.get(i)).toList();
      best.put(kernel.symbol(), new GoldenLaunch(kernel.symbol(), grid, parameters, before, results));
    }
  }

  private static boolean better(int size, int old) {
    return size <= MOST_BYTES ? size > old || old > MOST_BYTES : size < old;
  }

  /** Code books count nothing: they have one size. */
  private static int bytes(KernelInterface kernel, List<byte[]> buffers) {
    int sum = 0;
    for (int i = 0; i < buffers.size(); i++) {
      sum += kernel.buffers().get(i).name().equals("table") ? 0 : buffers.get(i).length;
    }
    return sum;
  }

  private static boolean plain(KernelInterface kernel, List<byte[]> before, List<byte[]> after) {
    for (int i = 0; i < before.size(); i++) {
      KernelInterface.Binding binding = kernel.buffers().get(i);
      boolean input = binding.access().equals("in");
      if (binding.type().equals("f32") && !plain(input ? before.get(i) : after.get(i), input)) {
        return false;
      }
    }
    return true;
  }

  private static boolean plain(byte[] numbers, boolean mayBeNan) {
    for (float v : MemorySegment.ofArray(numbers).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)) {
      if (Float.isNaN(v) ? !mayBeNan : v != 0 && Math.abs(v) < 0x1p-100f) {
        return false;
      }
    }
    return true;
  }

  @Test
  void aWrongKernelIsPutIntoQuarantine() throws IOException {
    Path sources = HostLibrary.link("silu");
    HostLibrary.plant(sources.resolve("portable/activations.inc"), "return x * sigmoid(x);", "return x * sigmoid(x) * 1.0001f;");
    HostLibrary.Planted planted = new HostLibrary.Planted(sources, "silu_f32");
    HostLibrary.build(List.of(planted));
    HostDevice device = HostDevice.testing(planted.open());
    try (Queue queue = device.openQueue(Numerics.FAST); Buffer x = Buffer.owning(device.allocate(16), DType.F32, 4)) {
      UnaryOp.Kernel silu = queue.kernel(UnaryOp.SILU, DType.F32);
      KernelException failure = assertThrows(KernelException.class, () -> silu.run(x, x, 4));
      assertTrue(failure.getMessage().startsWith("kernel silu_f32 is in quarantine on this device: buffer 1 word 0 is 0x"),
          failure.getMessage());
      assertEquals(1, device.selfTest().quarantined().size());
      assertThrows(KernelException.class, () -> silu.run(x, x, 4), "also the next time");
      assertEquals(0, device.selfTest().passed());
    }
  }

  @Test
  void aRightKernelIsTestedOnce() {
    HostDevice device = HostDevice.testing(HostLibrary.get());
    try (Queue queue = device.openQueue(Numerics.FAST); Buffer x = Buffer.owning(device.allocate(16), DType.F32, 4)) {
      UnaryOp.Kernel silu = queue.kernel(UnaryOp.SILU, DType.F32);
      silu.run(x, x, 4);
      silu.run(x, x, 4);
      assertEquals(1, device.selfTest().passed());
      assertEquals(Map.of(), device.selfTest().quarantined());
    }
  }
}

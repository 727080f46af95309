package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each message, from the probe to the closing of the device, fails in turn: it is told, and nothing is left behind. A message without a
 * result lets the work fail that it belongs to.
 */
class MetalFailuresTest {
  /** Without these the device is as good; Metal's answers to the others are needed. */
  private static final Set<String> DISPENSABLE = Set.of("name", "UTF8String", "recommendedMaxWorkingSetSize", "supportsFamily:", "retain",
      "release", "GPUStartTime", "GPUEndTime", "newBufferWithBytesNoCopy:length:options:deallocator:");

  @TempDir
  private Path root;

  /** Whether the device that was used said that it works without its tuned kernels. */
  private boolean withoutTuned;

  private float[] use(StandInMetal metal) {
    MetalBackendProvider provider = StandInMac.install(metal, root);
    Probe probe = provider.probe(BackendConfig.DEFAULT);
    if (probe.rejection() != null) {
      throw new BackendUnavailableException("metal", probe.rejection());
    }
    try (MetalDevice device = (MetalDevice) provider.open(probe.devices().getFirst(), BackendConfig.DEFAULT);
        MetalQueue queue = (MetalQueue) device.openQueue(Numerics.FAST);
        Arena arena = Arena.ofShared();
        Buffer x = Buffer.owning(device.allocate(12), DType.F32, 3);
        Buffer y = Buffer.owning(device.allocate(12), DType.F32, 3)) {
      withoutTuned = device.modules().refused().keySet().equals(MetalTable.TUNED.symbols());
      queue.copy(Buffer.wrap(arena.allocateFrom(JAVA_FLOAT, 1, 2, 3), DType.F32), x);
      var shared = device.share(arena.allocate(12, 4096));
      if (shared != null) {
        shared.close();
      }
      add(queue, x, y);
      queue.copy(y, x);
      add(queue, x, y);
      Queue.Captured captured = queue.record(null, () -> add(queue, y, y));
      queue.begin();
      try {
        queue.replay(captured);
      } finally {
        queue.end();
      }
      queue.discard(captured);
      queue.sync();
      assertTrue(queue.scratch(0, 5).length() >= 5);
      MemorySegment result = arena.allocate(12, 4);
      queue.copy(y, Buffer.wrap(result, DType.F32));
      return result.toArray(JAVA_FLOAT);
    }
  }

  private static void add(MetalQueue queue, Buffer x, Buffer y) {
    queue.begin();
    try {
      queue.prepare("vec_add_f32").buffer(x).buffer(x).buffer(y).value(3).groups(1);
    } finally {
      queue.end();
    }
  }

  private static StandInMetal metal() {
    return new StandInMetal((symbol, buffers, parameters, gx, gy, gz, threads) -> {
      for (int i = 0; i < parameters.get(JAVA_INT, 0); i++) {
        buffers.get(2).setAtIndex(JAVA_FLOAT, i, buffers.get(0).getAtIndex(JAVA_FLOAT, i) + buffers.get(1).getAtIndex(JAVA_FLOAT, i));
      }
    });
  }

  private static void nothingIsLeft(StandInMetal metal) {
    assertEquals(List.of(), metal.failures);
    assertEquals(List.of(), metal.live());
    assertEquals(0, metal.openPools());
  }

  @Test
  void withoutAFailureItWorksAndSendsEveryMessage() {
    StandInMetal metal = metal();
    assertArrayEquals(new float[]{8, 16, 24}, use(metal));
    nothingIsLeft(metal);
    Set<String> unsent = new TreeSet<>(metal.selectors());
    unsent.removeAll(metal.log);
    assertEquals(Set.of("error", "localizedDescription"), unsent, "only what explains failures is left");
  }

  @TestFactory
  Stream<DynamicTest> anyCallMayFail() {
    StandInMetal counting = metal();
    use(counting);
    return IntStream.range(0, counting.log.size())
        .mapToObj(number -> DynamicTest.dynamicTest(number + " " + counting.log.get(number), () -> fail(number)));
  }

  private void fail(int number) {
    StandInMetal metal = metal();
    metal.failCall(number);
    try {
      assertArrayEquals(new float[]{8, 16, 24}, use(metal));
      assertTrue(DISPENSABLE.contains(metal.failedCall()) || withoutTuned, metal.failedCall());
    } catch (RuntimeException e) {
      assertInstanceOf(KernelException.class, e);
      boolean work = StandInCommands.WITHOUT_RESULT.contains(metal.failedCall());
      assertTrue(!work || e.getMessage().contains(metal.failedCall()), e.getMessage());
    }
    nothingIsLeft(metal);
  }
}

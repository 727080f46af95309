package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.DeviceLostException;
import io.gllm.kernels.api.DeviceMemoryException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Each call of the driver, from the probe to the closing of the device, fails in turn: it is told, and nothing is left behind. */
class CudaFailuresStandInTest {
  private static final int OPERATING_SYSTEM = 304;
  /** What these do not free goes with the context. */
  private static final Set<String> FREEING = Set.of("cuMemFreeHost", "cuStreamDestroy_v2", "cuEventDestroy_v2", "cuModuleUnload",
      "cuGraphDestroy", "cuGraphExecDestroy");

  private static float[] use(StandInDriver driver) {
    CudaBackendProvider provider = new CudaBackendProvider(StandInLibcuda.install(driver, ProbeKernels.blobs()));
    Probe probe = provider.probe(BackendConfig.DEFAULT);
    if (probe.rejection() != null) {
      throw new BackendUnavailableException("cuda", probe.rejection());
    }
    DeviceInfo info = probe.devices().getFirst();
    try (CudaDevice device = (CudaDevice) provider.open(info, BackendConfig.DEFAULT);
        CudaQueue queue = (CudaQueue) device.openQueue(Numerics.FAST);
        Arena arena = Arena.ofConfined();
        Buffer x = Buffer.owning(device.allocate(12), DType.F32, 3);
        Buffer y = Buffer.owning(device.allocate(12), DType.F32, 3)) {
      queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3), DType.F32), x);
      queue.prepare("scale_f32").buffer(x).buffer(y).value(3).value(2f).groups(1);
      queue.copy(y, x);
      queue.sync();
      replay(queue, x, y);
      assertTrue(queue.scratch(0, 5).length() >= 5);
      MemorySegment result = arena.allocate(12, 4);
      queue.copy(x, Buffer.wrap(result, DType.F32));
      return result.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  /** Halves y twice, by a recording. */
  private static void replay(CudaQueue queue, Buffer x, Buffer y) {
    Launch launch = queue.prepare("scale_f32");
    launch.buffer(x).buffer(y).value(3).value(1f).groups(1);
    Queue.Captured captured = queue.record(null, () -> {
      launch.buffer(x).buffer(y).value(3).value(0.5f).groups(1);
      queue.copy(y, x);
    });
    queue.replay(captured);
    queue.replay(captured);
    queue.discard(captured);
    launch.buffer(y).buffer(x).value(3).value(4f).groups(1);
  }

  private static StandInDriver driver(boolean pools) {
    StandInDriver driver = new StandInDriver();
    driver.pools = pools;
    return driver;
  }

  @Test
  void withoutAFailureItWorks() {
    StandInDriver driver = driver(true);
    assertArrayEquals(new float[]{2, 4, 6}, use(driver));
    assertEquals(List.of(), driver.leaks);
    assertEquals(List.of(), driver.failures);
    assertTrue(driver.isIdle());
    List<String> unused = new ArrayList<>(CudaCalls.FUNCTIONS);
    unused.addAll(CudaCalls.GRAPH_FUNCTIONS);
    unused.removeAll(driver.log);
    assertEquals(List.of("cuMemGetInfo_v2", "cuMemAlloc_v2", "cuMemFree_v2", "cuGetErrorName", "cuGetErrorString"), unused);
  }

  @TestFactory
  Stream<DynamicTest> anyCallMayFail() {
    return Stream.of(true, false).flatMap(pools -> {
      StandInDriver counting = driver(pools);
      use(counting);
      return Stream.of(StandInResult.OUT_OF_MEMORY, OPERATING_SYSTEM, StandInResult.LAUNCH_FAILED)
          .flatMap(result -> IntStream.range(0, counting.log.size()).mapToObj(
              number -> DynamicTest.dynamicTest((pools ? "" : "no pools, ") + number + " " + counting.log.get(number) + " = " + result,
                  () -> fail(pools, number, result))));
    });
  }

  private static void fail(boolean pools, int number, int result) {
    StandInDriver driver = driver(pools);
    driver.failCall(number, result);
    RuntimeException thrown = null;
    try {
      use(driver);
    } catch (RuntimeException e) {
      thrown = e;
    }
    String call = driver.failedCall();
    boolean lost = result == StandInResult.LAUNCH_FAILED;
    assertEquals(List.of(), driver.failures);
    assertNotNull(thrown, call);
    assertInstanceOf(KernelException.class, thrown);
    if (result == StandInResult.OUT_OF_MEMORY && call.startsWith("cuMemAlloc")) {
      assertInstanceOf(DeviceMemoryException.class, thrown);
    } else {
      assertTrue(thrown.getMessage().contains(call.replace("_v2", "")), thrown.getMessage());
      assertTrue(thrown.getMessage().contains(String.valueOf(result)), thrown.getMessage());
      assertTrue(!lost || thrown instanceof DeviceLostException || thrown instanceof BackendUnavailableException, thrown.toString());
    }
    if (call.equals("cuDevicePrimaryCtxRelease_v2")) {
      return; // the one call after which there is nothing more to try
    }
    assertTrue(driver.isIdle(), "the context is still there");
    if (!lost) {
      driver.leaks.removeIf("Function"::equals); // they go with their module
      assertTrue(driver.leaks.size() <= (FREEING.contains(call) ? 1 : 0), driver.leaks.toString());
    }
  }
}

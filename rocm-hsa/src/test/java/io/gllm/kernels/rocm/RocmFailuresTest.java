package io.gllm.kernels.rocm;

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

/** Each call of the runtime, from the probe to the closing of the device, fails in turn: it is told, and nothing is left behind. */
class RocmFailuresTest {
  private static final int ERROR = 0x1000;
  private static final int MEMORY_FAULT = 43;
  /** What these do not free is left until the process ends. */
  private static final Set<String> FREEING = Set.of("hsa_signal_destroy", "hsa_queue_destroy", "hsa_executable_destroy",
      "hsa_code_object_reader_destroy", "hsa_amd_memory_pool_free");

  private static float[] use(StandInHsa runtime) {
    RocmBackendProvider provider = ProbeKernels.install(runtime, ProbeKernels::blobs);
    Probe probe = provider.probe(BackendConfig.DEFAULT);
    if (probe.rejection() != null) {
      throw new BackendUnavailableException("rocm", probe.rejection());
    }
    try (RocmDevice device = (RocmDevice) provider.open(probe.devices().getFirst(), BackendConfig.DEFAULT);
        RocmQueue queue = (RocmQueue) device.openQueue(Numerics.FAST);
        Arena arena = Arena.ofConfined();
        Buffer x = Buffer.owning(device.allocate(12), DType.F32, 3);
        Buffer y = Buffer.owning(device.allocate(12), DType.F32, 3)) {
      queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3), DType.F32), x);
      Launch scale = queue.prepare("scale_f32");
      scale.buffer(x).buffer(y).value(3).value(2f).groups(1);
      Queue.Captured again = queue.record(null, () -> scale.buffer(x).buffer(y).value(3).value(2f).groups(1));
      queue.replay(again);
      queue.discard(again);
      queue.copy(y, x);
      queue.sync();
      assertTrue(queue.scratch(0, 5).length() >= 5);
      MemorySegment result = arena.allocate(12, 4);
      queue.copy(x, Buffer.wrap(result, DType.F32));
      return result.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  @Test
  void withoutAFailureItWorks() {
    StandInHsa runtime = ProbeKernels.runtime();
    assertArrayEquals(new float[]{2, 4, 6}, use(runtime));
    assertEquals(List.of(), runtime.leaks);
    assertEquals(List.of(), runtime.failures);
    assertTrue(runtime.isIdle());
    List<String> unused = new ArrayList<>(HsaLibrary.FUNCTIONS.keySet());
    unused.removeAll(runtime.log);
    assertEquals(Set.of("hsa_queue_add_write_index_relaxed", "hsa_queue_load_read_index_scacquire", "hsa_signal_store_screlease",
        "hsa_signal_wait_scacquire"), Set.copyOf(unused), "only functions that cannot fail are left");
  }

  @TestFactory
  Stream<DynamicTest> anyCallMayFail() {
    StandInHsa counting = ProbeKernels.runtime();
    use(counting);
    return Stream.of(HsaCalls.OUT_OF_RESOURCES, ERROR, MEMORY_FAULT)
        .flatMap(result -> IntStream.range(0, counting.log.size()).mapToObj(number -> DynamicTest.dynamicTest(
            number + " " + counting.log.get(number) + " = 0x" + Integer.toHexString(result), () -> fail(number, result))));
  }

  private static void fail(int number, int result) {
    StandInHsa runtime = ProbeKernels.runtime();
    runtime.failCall(number, result);
    RuntimeException thrown = null;
    try {
      use(runtime);
    } catch (RuntimeException e) {
      thrown = e;
    }
    String call = runtime.failedCall();
    assertEquals(List.of(), runtime.failures);
    assertNotNull(thrown, call);
    assertInstanceOf(KernelException.class, thrown);
    boolean told = thrown instanceof DeviceMemoryException
        || thrown.getMessage().contains(call) && thrown.getMessage().contains("0x" + Integer.toHexString(result));
    assertTrue(told, thrown.getMessage());
    boolean lost = result == MEMORY_FAULT;
    assertTrue(!lost || thrown instanceof DeviceLostException || thrown instanceof BackendUnavailableException, thrown.toString());
    if (call.equals("hsa_shut_down")) {
      return; // the one call after which there is nothing more to try
    }
    assertEquals(0, runtime.users, "the runtime was not stopped");
    assertTrue(runtime.isIdle());
    assertTrue(runtime.leaks.size() <= (FREEING.contains(call) ? 2 : 0), runtime.leaks.toString());
  }
}

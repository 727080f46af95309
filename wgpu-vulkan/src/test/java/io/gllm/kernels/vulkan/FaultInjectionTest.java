package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.DeviceLostException;
import io.gllm.kernels.api.DeviceMemoryException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.Queue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** A life of a device in which each call of Vulkan that can fail does so once: the failure has a name, and nothing leaks. */
class FaultInjectionTest {
  private static final int OUT_OF_HOST_MEMORY = VulkanResult.OUT_OF_HOST_MEMORY;
  private static final int INITIALIZATION_FAILED = -3;
  /** A kernel that is not kept is compiled again. */
  private static final Set<String> HARMLESS = Set.of("vkGetPipelineCacheData");

  @TempDir
  private Path cache;

  @Test
  void withoutFailureTheLifeEndsWithNothingAlive() {
    RecordingCalls calls = new RecordingCalls();
    live(calls);
    assertEquals("{}", calls.alive().toString());
    List<String> all = calls.fallible();
    for (String call : List.of("vkCreateInstance", "vkCreateDevice", "vkAllocateMemory", "vkMapMemory", "vkCreateComputePipelines",
        "vkQueueSubmit", "vkWaitSemaphores", "vkGetPipelineCacheData")) {
      assertTrue(all.contains(call), call);
    }
  }

  @TestFactory
  Stream<DynamicTest> everyCallMayFail() {
    RecordingCalls healthy = new RecordingCalls();
    live(healthy);
    List<String> all = healthy.fallible();
    return IntStream.range(0, all.size()).boxed()
        .flatMap(i -> Stream.of(OUT_OF_HOST_MEMORY, INITIALIZATION_FAILED, VulkanResult.DEVICE_LOST)
            .map(result -> dynamicTest(i + " " + VulkanResult.describe(all.get(i), result), () -> fail(i, result))));
  }

  private void fail(int number, int result) {
    RecordingCalls calls = new RecordingCalls().failing(number, result);
    try {
      live(calls);
      assertTrue(HARMLESS.contains(calls.failed()), "no exception for " + calls.failed());
    } catch (RuntimeException e) {
      assertNotNull(calls.failed(), "failed by itself: " + e);
      Class<? extends KernelException> kind = result == VulkanResult.DEVICE_LOST ? DeviceLostException.class : KernelException.class;
      assertInstanceOf(kind, e);
      assertTrue(hasMessage(e, calls.failed(), " answered " + result), e.toString());
    }
    assertEquals("{}", calls.alive().toString(), "not freed after " + calls.failed());
  }

  private static boolean hasMessage(Throwable e, String call, String answer) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause.getMessage().contains(call) && cause.getMessage().contains(answer)) {
        return true;
      }
    }
    return false;
  }

  /** Opens the device, uses everything once, and closes it. */
  private void live(RecordingCalls calls) {
    try (VulkanDevice device = Llvmpipe.open(calls.proxy(), new VulkanOptions(false, cache.resolve("" + System.nanoTime())))) {
      try (VulkanQueue queue = (VulkanQueue) device.openQueue(Numerics.FAST)) {
        Buffer x = Words.ints(device, queue, Words.iota(1000));
        Buffer y = Words.buffer(device, DType.I32, 1000);
        Buffer large = Words.buffer(device, DType.I8, 40 << 20);
        queue.prepare("turn").buffer(x).buffer(y).value(1000).groups(16);
        queue.copy(y, x);
        queue.scratch(1, 100);
        Launch turn = queue.prepare("turn");
        Queue.Captured captured = queue.record(null, () -> turn.buffer(y).buffer(y.slice(0, 0)).value(0).groups(1));
        queue.replay(captured);
        queue.replay(captured);
        queue.discard(captured);
        queue.sync();
        large.close();
        assertEquals(2, Words.read(queue, x)[0]);
      }
    }
  }

  /** A refused submission loses what was recorded and says so; the queue goes on. */
  @Test
  void aQueueGoesOnAfterARefusedSubmission() {
    RecordingCalls calls = new RecordingCalls();
    try (VulkanDevice device = Llvmpipe.open(calls.proxy(), Llvmpipe.PLAIN)) {
      VulkanQueue queue = (VulkanQueue) device.openQueue(Numerics.FAST);
      Buffer x = Words.ints(device, queue, Words.iota(64));
      Buffer y = Words.buffer(device, DType.I32, 64);
      queue.prepare("turn").buffer(x).buffer(y).value(64).groups(1);
      calls.failing(calls.fallible().size() + 1, OUT_OF_HOST_MEMORY);
      assertThrows(KernelException.class, queue::sync);
      assertEquals("vkQueueSubmit", calls.failed());
      Words.upload(queue, x, Words.iota(64));
      queue.prepare("turn").buffer(x).buffer(y).value(64).groups(1);
      assertEquals(2, Words.read(queue, y)[0]);
    }
    assertEquals("{}", calls.alive().toString());
  }

  @Test
  void anAllocationThatTheDriverRefusesIsTriedAgainOnceMemoryIsFree() {
    RecordingCalls calls = new RecordingCalls();
    try (VulkanDevice device = Llvmpipe.open(calls.proxy(), Llvmpipe.PLAIN)) {
      calls.failing(calls.fallible().size() + 1, VulkanResult.OUT_OF_DEVICE_MEMORY);
      DeviceMemoryException e = assertThrows(DeviceMemoryException.class, () -> device.allocate(50 << 20));
      assertEquals(50 << 20, e.requested());
      assertEquals("vkAllocateMemory", calls.failed());
      device.allocate(50 << 20).close();
    }
    assertEquals("{}", calls.alive().toString());
  }

  @Test
  void afterALossEveryCallSaysSo() {
    RecordingCalls calls = new RecordingCalls();
    VulkanDevice device = Llvmpipe.open(calls.proxy(), Llvmpipe.PLAIN);
    VulkanQueue queue = (VulkanQueue) device.openQueue(Numerics.FAST);
    Buffer x = Words.ints(device, queue, Words.iota(64));
    Buffer y = Words.buffer(device, DType.I32, 64);
    queue.prepare("turn").buffer(x).buffer(y).value(64).groups(1);
    calls.failing(calls.fallible().size() + 1, VulkanResult.DEVICE_LOST);
    assertThrows(DeviceLostException.class, queue::sync);
    List<Executable> uses = new ArrayList<>();
    uses.add(queue::sync);
    uses.add(() -> device.allocate(10));
    uses.add(() -> device.openQueue(Numerics.FAST));
    uses.add(() -> Words.read(queue, y));
    uses.add(() -> queue.copy(x, y));
    uses.add(() -> queue.prepare("turn").buffer(x).buffer(y).value(64).groups(1));
    uses.forEach(use -> assertThrows(DeviceLostException.class, use));
    x.close();
    device.close();
    assertEquals("{}", calls.alive().toString());
  }
}

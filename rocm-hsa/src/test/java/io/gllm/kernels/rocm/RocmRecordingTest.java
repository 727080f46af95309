package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Recordings as runs of packets that are ready, replayed with one doorbell. */
class RocmRecordingTest {
  private final StandInHsa runtime = ProbeKernels.runtime();
  private final Arena arena = Arena.ofShared();
  private RocmDevice device;
  private RocmQueue queue;
  private Launch scale;
  private Buffer x;
  private Buffer y;

  private void open() {
    RocmBackendProvider provider = ProbeKernels.install(runtime, ProbeKernels::blobs);
    DeviceInfo info = provider.probe(BackendConfig.DEFAULT).devices().getFirst();
    device = (RocmDevice) provider.open(info, BackendConfig.DEFAULT);
    queue = (RocmQueue) device.openQueue(Numerics.FAST);
    x = onDevice(1, 2);
    y = onDevice(0, 0);
    scale = queue.prepare("scale_f32");
    step();
  }

  @AfterEach
  void nothingIsLeft() {
    if (device != null) {
      device.close();
    }
    arena.close();
    assertEquals(List.of(), runtime.failures);
    assertEquals(List.of(), runtime.leaks);
    assertTrue(runtime.isIdle());
  }

  private Buffer onDevice(float... values) {
    Buffer buffer = Buffer.owning(device.allocate(4L * values.length), DType.F32, values.length);
    queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), DType.F32), buffer);
    return buffer;
  }

  private float[] download(Buffer buffer) {
    MemorySegment bytes = arena.allocate(buffer.byteSize(), 4);
    queue.copy(buffer, Buffer.wrap(bytes, buffer.type()));
    return bytes.toArray(ValueLayout.JAVA_FLOAT);
  }

  /** y = 3 x, then x = y. */
  private void step() {
    scale(x, y, 3);
    scale(y, x, 1);
  }

  private void scale(Buffer from, Buffer to, float factor) {
    queue.begin();
    try {
      scale.buffer(from).buffer(to).value(2).value(factor).groups(1);
    } finally {
      queue.end();
    }
  }

  private void replay(Queue.Captured captured) {
    queue.begin();
    try {
      queue.replay(captured);
    } finally {
      queue.end();
    }
  }

  private Queue.Captured record(Runnable calls) {
    return queue.record(null, calls);
  }

  @Test
  void eachReplayIsOneDoorbell() {
    open();
    Queue.Captured captured = record(this::step);
    assertArrayEquals(new float[]{3, 6}, download(x));
    int rung = runtime.doorbells;
    int before = runtime.log.size();
    replay(captured);
    replay(captured);
    assertEquals(2, runtime.doorbells - rung);
    assertEquals(before, runtime.log.size(), "calls that may fail");
    step();
    assertArrayEquals(new float[]{81, 162}, download(x));
    queue.discard(captured);
    queue.discard(captured);
  }

  @Test
  void anEmptyRecordingDoesNothing() {
    open();
    Queue.Captured captured = record(() -> {});
    int rung = runtime.doorbells;
    replay(captured);
    assertEquals(rung, runtime.doorbells);
  }

  /** A queue of 64 packets: runs begin anywhere in it, and some end behind its end. */
  @Test
  void runsGoOnAtTheBeginningOfTheQueue() {
    runtime.maxPackets = 64;
    open();
    Queue.Captured captured = record(() -> {
      for (int i = 0; i < 23; i++) {
        scale(x, y, i == 22 ? 2 : 1);
      }
      scale(y, x, 1);
    });
    for (int i = 0; i < 10; i++) {
      replay(captured);
    }
    assertArrayEquals(new float[]{3 * 1024, 6 * 1024}, download(x));
  }

  /** The doorbell rings for what is written, so that it is read and gives room. */
  @Test
  void runsThatAreLongerThanTheQueueWaitForRoom() {
    runtime.maxPackets = 64;
    open();
    Queue.Captured captured = record(() -> {
      for (int i = 0; i < 200; i++) {
        scale(x, y, 2);
        scale(y, x, i == 77 ? 1 : 0.5f);
      }
    });
    replay(captured);
    replay(captured);
    assertArrayEquals(new float[]{12, 24}, download(x));
  }

  /** Arguments are those of the recording: neither later launches nor later recordings change them. */
  @Test
  void argumentsAreFixed() {
    open();
    Queue.Captured one = record(() -> scale(x, y, 2));
    Queue.Captured two = record(() -> scale(x, y, 5));
    scale(y, x, 1);
    replay(one);
    assertArrayEquals(new float[]{6, 12}, download(y));
    queue.discard(one);
    replay(two);
    assertArrayEquals(new float[]{15, 30}, download(y));
  }

  @Test
  void whatNeedsTheDeviceIsRefusedAndTheQueueGoesOn() {
    open();
    Launch fresh = queue.prepare("wild_u32");
    Buffer host = Buffer.wrap(arena.allocate(8, 8), DType.F32);
    refused("the first launch of wild_u32", () -> fresh.buffer(x).value(0).groups(1));
    refused("growth of scratch memory", () -> queue.scratch(3, 100));
    refused("a transfer", () -> queue.copy(x, host));
    refused("a transfer", () -> queue.copy(host, x));
    refused("a copy on the device", () -> queue.copy(x, y));
    refused("a wait", queue::sync);
    refused("closing", queue::close);
    replay(record(this::step));
    assertArrayEquals(new float[]{9, 18}, download(x));
  }

  private void refused(String what, Runnable call) {
    String message = assertThrows(IllegalStateException.class, () -> record(() -> {
      step();
      call.run();
    })).getMessage();
    assertTrue(message.contains(what), message);
  }

  @Test
  void scratchMemoryStaysUntilTheLastRecordingIsDiscarded() {
    open();
    Buffer scratch = queue.scratch(0, 8);
    scale(x, scratch, 2);
    Queue.Captured captured = record(() -> {
      assertSame(scratch, queue.scratch(0, 8));
      scale(scratch, y, 1);
    });
    Buffer grown = queue.scratch(0, scratch.length() + 1);
    scale(x, grown, 7);
    replay(captured);
    assertArrayEquals(new float[]{6, 12}, download(y));
    long before = runtime.used();
    queue.discard(captured);
    assertTrue(runtime.used() <= before - scratch.length());
  }

  /** Giving memory back waits for every queue, whoever records. */
  @Test
  void memoryIsFreedWhileAQueueRecords() {
    open();
    RocmQueue other = (RocmQueue) device.openQueue(Numerics.FAST);
    other.scratch(0, 100);
    Buffer gone = onDevice(1, 2);
    Queue.Captured captured = record(() -> {
      other.scratch(0, 4 << 20);
      gone.close();
      step();
    });
    replay(captured);
    assertArrayEquals(new float[]{9, 18}, download(x));
  }

  @Test
  void closingTheDeviceFreesRecordings() {
    open();
    Queue.Captured captured = record(this::step);
    replay(captured);
    device.close();
    queue.discard(captured);
  }

  @Test
  void memoryThatTheRuntimeRefusesIsToldAndNothingIsLeft() {
    open();
    int before = runtime.log.size();
    queue.discard(record(this::step));
    int allocation = runtime.log.subList(before, runtime.log.size()).indexOf("hsa_amd_memory_pool_allocate");
    runtime.failCall(runtime.log.size() + allocation, HsaCalls.OUT_OF_RESOURCES);
    KernelException e = assertThrows(KernelException.class, () -> record(this::step));
    assertTrue(e.getMessage().startsWith("hsa_amd_memory_pool_allocate answered "), e.getMessage());
    assertArrayEquals(new float[]{3, 6}, download(x));
  }
}

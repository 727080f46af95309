package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Recordings as graphs of the driver: the stand-in captures the stream, and each launch of the graph runs its kernels again. */
class CudaRecordingStandInTest {
  private final StandInDriver driver = new StandInDriver();
  private final Arena arena = Arena.ofShared();
  private CudaDevice device;
  private CudaQueue queue;
  private Launch scale;
  private Buffer x;
  private Buffer y;

  private void open(CudaProbe probe) {
    CudaBackendProvider provider = new CudaBackendProvider(probe);
    DeviceInfo info = provider.probe(BackendConfig.DEFAULT).devices().getFirst();
    device = (CudaDevice) provider.open(info, BackendConfig.DEFAULT);
    queue = (CudaQueue) device.openQueue(Numerics.FAST);
  }

  private void open() {
    open(StandInLibcuda.install(driver, ProbeKernels.blobs()));
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
    assertEquals(List.of(), driver.failures);
    assertEquals(List.of(), driver.leaks);
    assertTrue(driver.isIdle());
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
    scale.buffer(x).buffer(y).value(2).value(3f).groups(1);
    queue.copy(y, x);
  }

  private Queue.Captured record(Runnable calls) {
    return queue.record(null, calls);
  }

  private long calls(String function) {
    return Collections.frequency(driver.log, function);
  }

  @Test
  void eachReplayIsOneCallOfTheDriver() {
    open();
    Queue.Captured captured = record(this::step);
    assertArrayEquals(new float[]{3, 6}, download(x));
    int before = driver.log.size();
    queue.replay(captured);
    queue.replay(captured);
    List<String> made = new ArrayList<>(driver.log.subList(before, driver.log.size()));
    made.removeIf("cuCtxSetCurrent"::equals); // in a process that has had two devices open
    assertEquals(List.of("cuGraphLaunch", "cuGraphLaunch"), made);
    assertEquals(2, calls("cuGraphLaunch"));
    step();
    assertArrayEquals(new float[]{81, 162}, download(x));
    queue.discard(captured);
    queue.discard(captured);
    assertEquals(1, calls("cuGraphExecDestroy"));
    assertEquals(1, calls("cuGraphDestroy"));
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
    refused("a wait", queue::sync);
    refused("closing", queue::close);
    assertEquals(calls("cuStreamBeginCapture_v2"), calls("cuStreamEndCapture"));
    queue.replay(record(this::step));
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
    scale.buffer(x).buffer(scratch).value(2).value(2f).groups(1);
    Queue.Captured captured = record(() -> {
      assertSame(scratch, queue.scratch(0, 8));
      scale.buffer(scratch).buffer(y).value(2).value(1f).groups(1);
    });
    Buffer grown = queue.scratch(0, scratch.length() + 1);
    scale.buffer(x).buffer(grown).value(2).value(7f).groups(1);
    queue.replay(captured);
    assertArrayEquals(new float[]{6, 12}, download(y));
    long before = driver.used();
    queue.discard(captured);
    assertTrue(driver.used() <= before - scratch.length());
  }

  /** Giving memory back makes the device's own stream wait for every queue; that wait is no part of the graph. */
  @Test
  void memoryIsFreedWhileAQueueRecords() {
    open();
    CudaQueue other = (CudaQueue) device.openQueue(Numerics.FAST);
    other.scratch(0, 100);
    Queue.Captured captured = record(() -> {
      other.scratch(0, 4 << 20);
      step();
    });
    queue.replay(captured);
    assertArrayEquals(new float[]{9, 18}, download(x));
  }

  @Test
  void closingTheDeviceFreesRecordings() {
    open();
    Queue.Captured captured = record(this::step);
    queue.replay(captured);
    device.close();
    queue.discard(captured);
    assertEquals(1, calls("cuGraphExecDestroy"));
  }

  @Test
  void aGraphThatTheDriverRefusesIsToldAndNothingIsLeft() {
    open();
    int before = driver.log.size();
    record(this::step);
    int instantiate = driver.log.lastIndexOf("cuGraphInstantiateWithFlags") - before;
    driver.failCall(driver.log.size() + instantiate, StandInResult.OUT_OF_MEMORY);
    KernelException e = assertThrows(KernelException.class, () -> record(this::step));
    assertTrue(e.getMessage().startsWith("cuGraphInstantiateWithFlags failed: 2"), e.getMessage());
    assertArrayEquals(new float[]{3, 6}, download(x));
  }

  @Test
  void anOlderDriverHasNoGraphsAndSaysSo() {
    CudaProbe probe = StandInLibcuda.install(driver, ProbeKernels.blobs());
    open(new CudaProbe(probe.machine(), probe.nativeAccess(), path -> {
      var library = probe.loader().apply(path);
      return name -> CudaCalls.GRAPH_FUNCTIONS.contains(name) ? Optional.empty() : library.find(name);
    }, probe.jcuda(), probe.blobs()));
    assertFalse(queue.captures());
    assertTrue(device.info().notes().contains("recordings launch their kernels one by one: the driver is older than CUDA 11.4"));
  }
}

package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.DeviceLostException;
import io.gllm.kernels.api.DeviceMemoryException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.DeviceInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole backend over a stand-in for the HSA runtime, with every misuse that a runtime would not forgive. */
class RocmDeviceTest {
  private final StandInHsa runtime = ProbeKernels.runtime();
  private final Arena arena = Arena.ofShared();
  private RocmDevice device;
  private RocmQueue queue;

  private void open() {
    open(ProbeKernels.blobs());
  }

  private void open(RocmBlobs blobs) {
    RocmBackendProvider provider = ProbeKernels.install(runtime, () -> blobs);
    DeviceInfo info = provider.probe(BackendConfig.DEFAULT).devices().getFirst();
    device = (RocmDevice) provider.open(info, BackendConfig.DEFAULT);
    queue = (RocmQueue) device.openQueue(Numerics.FAST);
  }

  @AfterEach
  void nothingIsLeft() {
    if (device != null) {
      device.close();
      device.close();
    }
    arena.close();
    assertEquals(List.of(), runtime.failures);
    assertEquals(List.of(), runtime.leaks);
    assertTrue(runtime.isIdle());
  }

  private Buffer empty(int elements) {
    return Buffer.owning(device.allocate(4L * elements), DType.F32, elements);
  }

  private Buffer onDevice(float... values) {
    Buffer buffer = empty(values.length);
    queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), DType.F32), buffer);
    return buffer;
  }

  private float[] download(Buffer buffer) {
    MemorySegment bytes = arena.allocate(buffer.byteSize(), 4);
    queue.copy(buffer, Buffer.wrap(bytes, buffer.type()));
    return bytes.toArray(ValueLayout.JAVA_FLOAT);
  }

  private void scale(Launch launch, Buffer x, Buffer y, float factor) {
    queue.begin();
    try {
      launch.buffer(x).buffer(y).value(x.length()).value(factor).groups((x.length() + 63) / 64);
    } finally {
      queue.end();
    }
  }

  private void fault(int what, int position, int value, int limit) {
    queue.begin();
    try {
      queue.prepare("fault_u32").buffer(queue.faults()).value(what).value(position).bits(value).value(limit).groups(1);
    } finally {
      queue.end();
    }
  }

  /** A kernel that writes far outside its buffer, after which the queue has stopped. */
  private void crash() {
    Buffer x = onDevice(1);
    queue.prepare("wild_u32").buffer(x).value(1 << 20).groups(1);
    assertThrows(DeviceLostException.class, queue::sync);
    runtime.failures.clear();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void kernelsAndCopiesRunInOrder(boolean copiesFirst) {
    runtime.copiesFirst = copiesFirst;
    open();
    assertEquals(List.of("gfx90a", "gfx90a"), device.info().features());
    Buffer x = onDevice(1, 2, 3, 4);
    Buffer y = empty(4);
    Buffer z = empty(4);
    Launch launch = queue.prepare("scale_f32");
    scale(launch, x, y, 3);
    scale(launch, y, z, 0.5f);
    queue.copy(z.slice(0, 2), x.slice(2, 2));
    scale(launch, x, y, 10);
    queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_FLOAT, 7), DType.F32), x.slice(0, 1));
    assertArrayEquals(new float[]{1.5f, 3, 4.5f, 6}, download(z));
    assertArrayEquals(new float[]{10, 20, 15, 30}, download(y));
    assertArrayEquals(new float[]{7, 2, 1.5f, 3}, download(x));
  }

  @Test
  void nothingWaitsBeforeTheHostNeedsIt() {
    open();
    Buffer x = onDevice(1, 2);
    scale(queue.prepare("scale_f32"), x, x, 2);
    assertEquals(0, runtime.dispatches);
    queue.sync();
    assertEquals(1, runtime.dispatches);
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 131072})
  void queuesAndArgumentsWrapAround(int packets) {
    runtime.maxPackets = packets;
    open();
    Buffer x = onDevice(1);
    Launch launch = queue.prepare("scale_f32");
    int launches = 5 * ArgumentRing.CHUNK / 64 + 7;
    for (int i = 0; i < launches; i++) {
      scale(launch, x, x, i % 2 == 0 ? 2 : 0.5f);
    }
    assertArrayEquals(new float[]{2}, download(x));
    assertEquals(launches, runtime.dispatches);
  }

  @Test
  void memoryIsZeroAlignedPaddedAndCounted() {
    open();
    long before = runtime.used();
    Buffer x = empty(5);
    assertEquals(0, x.address() % 64);
    assertEquals(20, device.memoryInUse());
    assertTrue(runtime.used() - before >= 20 + 16);
    assertArrayEquals(new float[5], download(x));
    Buffer none = empty(0);
    queue.copy(none, none);
    x.close();
    x.close();
    assertEquals(0, device.memoryInUse());
    assertThrows(IllegalArgumentException.class, () -> device.allocate(-1));
  }

  @Test
  void tooMuchMemoryIsToldInNumbers() {
    runtime.total = 64 << 20;
    open();
    device.allocate(16 << 20);
    DeviceMemoryException e = assertThrows(DeviceMemoryException.class, () -> device.allocate(1 << 30));
    assertEquals(1 << 30, e.requested());
    assertEquals(64 << 20, e.total());
    assertThrows(DeviceMemoryException.class, () -> device.allocate(Long.MAX_VALUE));
    assertThrows(DeviceMemoryException.class, () -> device.allocate(60 << 20));
    assertEquals(16 << 20, device.memoryInUse());
    device.allocate(16 << 20);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void longCopiesTravelInBlocks(boolean copiesFirst) {
    runtime.copiesFirst = copiesFirst;
    open();
    float[] values = new float[3 * Transfers.BLOCK / 4 + 12345];
    IntStream.range(0, values.length).forEach(i -> values[i] = i);
    assertArrayEquals(values, download(onDevice(values)));
  }

  @Test
  void hostMemoryMayChangeAfterAnUpload() {
    open();
    Buffer x = empty(2);
    MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2);
    queue.copy(Buffer.wrap(host, DType.F32), x);
    host.fill((byte) 0);
    assertArrayEquals(new float[]{1, 2}, download(x));
  }

  @Test
  void memoryIsFreedAfterTheLaunchesOfEveryQueue() {
    open();
    RocmQueue second = (RocmQueue) device.openQueue(Numerics.REPRODUCIBLE);
    Buffer x = onDevice(1, 2);
    Buffer y = empty(2);
    queue.sync();
    second.prepare("scale_f32").buffer(x).buffer(y).value(2).value(5f).groups(1);
    x.close();
    assertArrayEquals(new float[]{5, 10}, download(y));
  }

  @Test
  void scratchStaysUntilItGrows() {
    open();
    Buffer small = queue.scratch(1, 100);
    assertTrue(small.length() >= 100);
    assertSame(small, queue.scratch(1, small.length()));
    Buffer other = queue.scratch(0, 100);
    assertFalse(small.overlaps(other));
    Buffer large = queue.scratch(1, small.length() + 1);
    assertTrue(large.length() > small.length());
    assertSame(large, queue.scratch(1, 1));
    assertEquals(0, device.memoryInUse());
  }

  @Test
  void anIndexOutsideIsToldOnceWhenTheHostWaits() {
    open();
    fault(1, 7, -3, 100);
    IndexOutOfBoundsException e = assertThrows(IndexOutOfBoundsException.class, queue::sync);
    assertEquals("token id -3 at position 7 is outside 0..100", e.getMessage());
    queue.sync();
    Buffer x = onDevice(1);
    fault(3, 0, 9, 8);
    assertTrue(assertThrows(IndexOutOfBoundsException.class, () -> download(x)).getMessage().startsWith("slot 9"));
    fault(5, 0, 9, 8);
    assertTrue(assertThrows(IndexOutOfBoundsException.class, queue::close).getMessage().startsWith("length 9"));
  }

  @Test
  void aLostDeviceSaysSoFromThenOnAndCanBeOpenedAgain() {
    open();
    crash();
    DeviceLostException e = assertThrows(DeviceLostException.class, () -> device.allocate(4));
    assertEquals("the queue stopped with 0x1016: words for 4118; the device is lost, close it and open it again", e.getMessage());
    assertThrows(DeviceLostException.class, queue::sync);
    assertThrows(DeviceLostException.class, () -> device.openQueue(Numerics.FAST));
    device.close();
    assertEquals(List.of(), runtime.leaks);
    open();
    assertArrayEquals(new float[]{1}, download(onDevice(1)));
  }

  @Test
  void misuseIsRefused() {
    open();
    Buffer x = onDevice(1, 2);
    Buffer host = Buffer.wrap(arena.allocate(8, 8), DType.F32);
    assertThrows(IllegalArgumentException.class, () -> queue.copy(x.slice(0, 1), host));
    assertThrows(IllegalArgumentException.class, () -> queue.copy(host, host));
    Launch launch = queue.prepare("scale_f32");
    assertThrows(IllegalArgumentException.class, () -> launch.buffer(host));
    Launch second = queue.prepare("scale_f32");
    assertThrows(KernelException.class, () -> second.words(x.memory(), 0, 100));
    assertThrows(KernelException.class, () -> second.words(x.memory(), -4, 1));
    assertThrows(KernelException.class, () -> second.groups(1));
    x.close();
    assertThrows(IllegalStateException.class, () -> second.buffer(x));
    assertThrows(IllegalStateException.class, () -> queue.copy(x, host));
    queue.close();
    assertThrows(IllegalStateException.class, queue::sync);
    device.close();
    assertThrows(IllegalStateException.class, () -> device.allocate(4));
    assertThrows(IllegalStateException.class, () -> device.openQueue(Numerics.FAST));
  }

  @Test
  void codeThatCannotBeLoadedIsNamed() {
    open();
    assertTrue(assertThrows(KernelException.class, () -> queue.prepare("missing")).getMessage().contains("gfx90a has no entry missing"));
    Buffer x = onDevice(1);
    String[][] wrongs = {{"outside_u32", "outside_u32 leaves blob gfx90a"},
      {"cut_u32", "hsa_executable_load_agent_code_object answered 0x1010"},
      {"absent_u32", "hsa_executable_get_symbol_by_name for absent_u32.kd answered 0x1013: words for 4115"}};
    for (String[] wrong : wrongs) {
      Launch launch = queue.prepare(wrong[0]);
      KernelException refused = assertThrows(KernelException.class, () -> launch.buffer(x).value(0).groups(1));
      assertTrue(refused.getMessage().contains(wrong[1]), refused.getMessage());
    }
  }

  @Test
  void codeWithOtherArgumentsThanItsManifestSaysIsRefused() {
    open(ProbeKernels.withOtherArguments());
    Buffer x = onDevice(1);
    KernelException e = assertThrows(KernelException.class, () -> queue.prepare("scale_f32").buffer(x).value(1).value(1f).groups(1));
    assertEquals("scale_f32 takes 24 bytes of arguments, its manifest says 16", e.getMessage());
  }

  @Test
  void codeForAnotherChipIsRefusedByTheRuntime() {
    runtime.machine = 0x41;
    open();
    Buffer x = onDevice(1);
    KernelException e = assertThrows(KernelException.class, () -> queue.prepare("wild_u32").buffer(x).value(0).groups(1));
    assertTrue(e.getMessage().contains("hsa_executable_load_agent_code_object answered 0x100d"), e.getMessage());
  }

  @Test
  void aCodeObjectIsLoadedOnce() {
    open();
    Buffer x = onDevice(1, 2);
    scale(queue.prepare("scale_f32"), x, x, 2);
    scale(queue.prepare("scale_f32"), x, x, 2);
    queue.prepare("wild_u32").buffer(x).value(0).groups(1);
    queue.sync();
    assertEquals(1, runtime.log.stream().filter("hsa_executable_freeze"::equals).count());
  }

  @Test
  void everyThreadMayUseIt() throws InterruptedException {
    open();
    Buffer x = onDevice(1, 2);
    Buffer y = empty(2);
    Launch launch = queue.prepare("scale_f32");
    for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
      float[][] result = new float[1][];
      Thread thread = builder.start(() -> {
        scale(launch, x, y, 2);
        result[0] = download(y);
      });
      thread.join();
      assertArrayEquals(new float[]{2, 4}, result[0]);
    }
  }
}

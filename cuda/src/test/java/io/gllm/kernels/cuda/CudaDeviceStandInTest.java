package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole backend over the real JCuda and a stand-in for the driver, with every misuse that a driver would not forgive. */
class CudaDeviceStandInTest {
  private final StandInDriver driver = new StandInDriver();
  private final Arena arena = Arena.ofShared();
  private CudaDevice device;
  private CudaQueue queue;

  private void open() {
    open(ProbeKernels.blobs());
  }

  private void open(CudaBlobs blobs) {
    CudaBackendProvider provider = new CudaBackendProvider(StandInLibcuda.install(driver, blobs));
    DeviceInfo info = provider.probe(BackendConfig.DEFAULT).devices().getFirst();
    device = (CudaDevice) provider.open(info, BackendConfig.DEFAULT);
    queue = (CudaQueue) device.openQueue(Numerics.FAST);
  }

  @AfterEach
  void nothingIsLeft() {
    if (device != null) {
      device.close();
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

  /** A kernel that writes far outside its buffer, after which a driver answers nothing any more. */
  private void crash() {
    Buffer x = onDevice(1);
    queue.prepare("wild_u32").buffer(x).value(1 << 20).groups(1);
    assertThrows(DeviceLostException.class, queue::sync);
    driver.failures.clear();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void kernelsRunInOrder(boolean pools) {
    driver.pools = pools;
    open();
    assertEquals(List.of("sm_110", "cuda-12.8", "ptx_80"), device.info().features());
    Buffer x = onDevice(1, 2, 3, 4);
    Buffer y = Buffer.owning(device.allocate(16), DType.F32, 4);
    Buffer z = Buffer.owning(device.allocate(16), DType.F32, 4);
    Launch launch = queue.prepare("scale_f32");
    scale(launch, x, y, 3);
    scale(launch, y, z, 0.5f);
    queue.copy(z.slice(0, 2), x.slice(2, 2));
    assertArrayEquals(new float[]{1.5f, 3, 4.5f, 6}, download(z));
    assertArrayEquals(new float[]{1, 2, 1.5f, 3}, download(x));
    assertEquals(pools, driver.log.contains("cuMemAllocAsync"));
    assertEquals(!pools, driver.log.contains("cuMemAlloc_v2"));
  }

  @Test
  void memoryIsZeroAlignedPaddedAndCounted() {
    open();
    long before = driver.used();
    Buffer x = Buffer.owning(device.allocate(20), DType.F32, 5);
    assertEquals(0, x.address() % 64);
    assertEquals(20, device.memoryInUse());
    assertTrue(driver.used() - before >= 20 + 16);
    assertArrayEquals(new float[5], download(x));
    Buffer empty = Buffer.owning(device.allocate(0), DType.F32, 0);
    queue.copy(empty, empty);
    x.close();
    x.close();
    assertEquals(0, device.memoryInUse());
    assertThrows(IllegalArgumentException.class, () -> device.allocate(-1));
  }

  @Test
  void theSpeedOfMemoryIsThatOfCopies() {
    open();
    long before = device.memoryInUse();
    try (PeakProbe copy = device.openPeak(PeakKind.COPY, 1000)) {
      copy.run();
      assertEquals(4 * 2 * 1000, copy.work(), "four copies, read and written");
      assertEquals(before + 2000, device.memoryInUse());
    }
    assertEquals(before, device.memoryInUse());
    assertNull(device.openPeak(PeakKind.FMA_F32, 0), "nothing is made up");
  }

  @Test
  void tooMuchMemoryIsToldInNumbers() {
    driver.total = 64 << 20;
    open();
    device.allocate(16 << 20);
    DeviceMemoryException e = assertThrows(DeviceMemoryException.class, () -> device.allocate(1 << 30));
    assertEquals(1 << 30, e.requested());
    assertEquals(64 << 20, e.total());
    assertTrue(e.free() <= 48 << 20 && e.free() > 0, e.getMessage());
    assertThrows(DeviceMemoryException.class, () -> device.allocate(Long.MAX_VALUE));
    assertEquals(16 << 20, device.memoryInUse());
    device.allocate(16 << 20);
  }

  @Test
  void longCopiesTravelInBlocks() {
    open();
    float[] values = new float[3 * Staging.BLOCK / 4 + 12345];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    assertArrayEquals(values, download(onDevice(values)));
  }

  @Test
  void hostMemoryMayChangeAfterAnUpload() {
    open();
    Buffer x = Buffer.owning(device.allocate(8), DType.F32, 2);
    MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2);
    queue.copy(Buffer.wrap(host, DType.F32), x);
    host.fill((byte) 0);
    assertArrayEquals(new float[]{1, 2}, download(x));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void memoryIsFreedAfterTheLaunchesOfEveryQueue(boolean pools) {
    driver.pools = pools;
    open();
    CudaQueue second = (CudaQueue) device.openQueue(Numerics.REPRODUCIBLE);
    Buffer x = onDevice(1, 2);
    Buffer y = Buffer.owning(device.allocate(8), DType.F32, 2);
    queue.sync();
    second.prepare("scale_f32").buffer(x).buffer(y).value(2).value(5f).groups(1);
    x.close();
    second.sync();
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
    assertEquals("cuStreamSynchronize failed: 719 (CUDA_ERROR_LAUNCH_FAILED): CUDA_ERROR_LAUNCH_FAILED; the device is lost, close it and"
        + " open it again", e.getMessage());
    assertThrows(DeviceLostException.class, queue::sync);
    assertThrows(DeviceLostException.class, () -> device.openQueue(Numerics.FAST));
    device.close();
    assertFalse(driver.leaks.isEmpty(), "the context frees what a lost device cannot");
    driver.leaks.clear();
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
    assertTrue(assertThrows(KernelException.class, () -> queue.prepare("missing")).getMessage().contains("no kernel missing in [ptx_80]"));
    Buffer x = onDevice(1);
    for (String[] wrong : new String[][]{{"cut_u32", "does not end in a zero byte"}, {"outside_u32", "leaves blob ptx_80"}}) {
      Launch launch = queue.prepare(wrong[0]);
      KernelException refused = assertThrows(KernelException.class, () -> launch.buffer(x).value(0).groups(1));
      assertTrue(refused.getMessage().contains(wrong[1]), refused.getMessage());
    }
    Launch absent = queue.prepare("absent_u32");
    KernelException e = assertThrows(KernelException.class, () -> absent.buffer(x).value(0).groups(1));
    assertEquals("cuModuleGetFunction for absent_u32 failed: 500 (CUDA_ERROR_NOT_FOUND): CUDA_ERROR_NOT_FOUND", e.getMessage());
  }

  @Test
  void textThatTheDriverRefusesIsToldWithItsReason() {
    driver.ptx = 6.5;
    open();
    Buffer x = onDevice(1);
    Launch launch = queue.prepare("wild_u32");
    KernelException e = assertThrows(KernelException.class, () -> launch.buffer(x).value(0).groups(1));
    assertTrue(e.getMessage().contains("CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), e.getMessage());
    queue.sync();
  }

  @Test
  void everyThreadMayUseIt() throws InterruptedException {
    open();
    Buffer x = onDevice(1, 2);
    Buffer y = Buffer.owning(device.allocate(8), DType.F32, 2);
    Launch launch = queue.prepare("scale_f32");
    for (Thread.Builder builder : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
      float[][] result = new float[1][];
      Thread thread = builder.start(() -> {
        scale(launch, x, y, 2);
        result[0] = download(y);
      });
      thread.join();
      assertArrayEquals(new float[]{2, 4}, result[0]);
      scale(launch, x, y, 1);
      assertArrayEquals(new float[]{1, 2}, download(y));
    }
  }

  @Test
  void twoDevicesMayTakeTurnsOnAThread() {
    open();
    CudaDevice first = device;
    CudaQueue firstQueue = queue;
    Buffer x = onDevice(1);
    open();
    assertArrayEquals(new float[]{2}, download(onDevice(2)));
    device.close();
    device = first;
    queue = firstQueue;
    assertArrayEquals(new float[]{1}, download(x));
  }

  @Test
  void nothingOfJCudaIsLeftInTheTemporaryFolder() throws Exception {
    open();
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    assertFalse(temporary.getFileName().toString().startsWith("gllm-jcuda-"));
    try (Stream<Path> files = Files.list(temporary)) {
      assertEquals(List.of(), files.filter(file -> file.getFileName().toString().startsWith("gllm-jcuda-")).toList());
    }
    assertFalse(Files.exists(temporary.resolve("libJCudaDriver-12.6.0-linux-x86_64.so")));
  }
}

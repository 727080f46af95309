package io.gllm.kernels.metal;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.DeviceMemoryException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.Queue;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole backend behind a stand-in for Metal, with everything that Metal may refuse, and one kernel written in Java. */
class MetalDeviceTest {
  private final StandInMetal metal = new StandInMetal(MetalDeviceTest::add);
  private final Arena arena = Arena.ofShared();
  private MetalDevice device;
  private MetalQueue queue;

  @TempDir
  private Path root;

  /** vec_add_f32: y = a + b for n elements. */
  private static void add(String symbol, List<MemorySegment> buffers, MemorySegment parameters, int gx, int gy, int gz, int threads) {
    assertEquals("vec_add_f32", symbol);
    for (int i = 0; i < Math.min(parameters.get(JAVA_INT, 0), gx * gy * threads * 4); i++) {
      buffers.get(2).setAtIndex(JAVA_FLOAT, i, buffers.get(0).getAtIndex(JAVA_FLOAT, i) + buffers.get(1).getAtIndex(JAVA_FLOAT, i));
    }
  }

  private void open() {
    device = StandInMac.open(metal, root);
    queue = (MetalQueue) device.openQueue(Numerics.FAST);
  }

  @AfterEach
  void nothingIsLeft() {
    metal.refused.clear();
    if (device != null) {
      device.close();
      device.close();
    }
    arena.close();
    assertEquals(List.of(), metal.failures);
    assertEquals(List.of(), metal.live());
    assertEquals(0, metal.openPools());
  }

  private Buffer onDevice(float... values) {
    Buffer buffer = Buffer.owning(device.allocate(4L * values.length), DType.F32, values.length);
    queue.copy(Buffer.wrap(arena.allocateFrom(JAVA_FLOAT, values), DType.F32), buffer);
    return buffer;
  }

  private float[] download(Buffer buffer) {
    MemorySegment bytes = arena.allocate(buffer.byteSize(), 4);
    queue.copy(buffer, Buffer.wrap(bytes, buffer.type()));
    return bytes.toArray(JAVA_FLOAT);
  }

  private void add(Buffer a, Buffer b, Buffer y) {
    queue.begin();
    try {
      queue.prepare("vec_add_f32").buffer(a).buffer(b).buffer(y).value(a.length()).groups(1);
    } finally {
      queue.end();
    }
  }

  @Test
  void launchesRunInOrderAndNotBeforeTheyAreWaitedFor() {
    open();
    Buffer x = onDevice(1, 2, 3, 4);
    for (int i = 0; i < 3; i++) {
      add(x, x, x);
    }
    assertEquals(null, metal.sent.get("commit"), "nothing was long enough to be committed");
    assertArrayEquals(new float[]{8, 16, 24, 32}, download(x));
    assertEquals(1, metal.sent.get("commit"));
    queue.copy(x.slice(0, 2), x.slice(2, 2));
    assertArrayEquals(new float[]{8, 16, 8, 16}, download(x));
  }

  @Test
  void manyLaunchesAreCommittedInBatches() {
    open();
    Buffer x = onDevice(0);
    Buffer one = onDevice(1);
    int count = MetalQueue.BATCH * (MetalQueue.IN_FLIGHT + 2) + 1;
    for (int i = 0; i < count; i++) {
      add(x, one, x);
    }
    assertArrayEquals(new float[]{count}, download(x));
    assertEquals(MetalQueue.IN_FLIGHT + 3, metal.sent.get("commit"));
  }

  @Test
  void memoryIsZeroCountedAndMayBeClosedWhileLaunchesWait() {
    open();
    Buffer x = onDevice(1, 2);
    Buffer y = Buffer.owning(device.allocate(8), DType.F32, 2);
    assertArrayEquals(new float[]{0, 0}, download(y));
    assertEquals(16, device.memoryInUse());
    add(x, x, y);
    x.close();
    assertEquals(8, device.memoryInUse());
    assertArrayEquals(new float[]{2, 4}, download(y));
    assertThrows(IllegalStateException.class, () -> add(x, y, y));
    assertThrows(IllegalStateException.class, () -> download(x));
  }

  /** The stand-in's GPU takes a microsecond for each launch. */
  @Test
  void theTimeOfTheGpuIsMeasured() {
    open();
    Buffer x = onDevice(1);
    assertEquals(0, queue.deviceNanos());
    add(x, x, x);
    add(x, x, x);
    queue.sync();
    assertEquals(2000, queue.deviceNanos(), 1);
    add(x, x, x);
    queue.sync();
    assertEquals(3000, queue.deviceNanos(), 2);
  }

  @Test
  void memoryOfTheHostIsUsedInPlaceAndNotBeyondItsClosing() {
    open();
    MemorySegment pages = arena.allocate(8192, 4096);
    MemorySegment bytes = pages.asSlice(4096, 8);
    bytes.setAtIndex(JAVA_FLOAT, 0, 1);
    bytes.setAtIndex(JAVA_FLOAT, 1, 2);
    Buffer shared = Buffer.owning(device.share(bytes), DType.F32, 2);
    assertEquals(0, device.memoryInUse());
    Buffer y = onDevice(0, 0);
    add(shared, shared, y);
    bytes.setAtIndex(JAVA_FLOAT, 1, 5);
    shared.close();
    bytes.fill((byte) 0xcc);
    assertArrayEquals(new float[]{2, 10}, download(y), "the launch had run when the memory was given back");
    assertThrows(IllegalStateException.class, () -> add(shared, y, y));
  }

  @Test
  void aMappedFileIsUsedInPlaceAndCannotBeWritten() throws IOException {
    open();
    Path file = Files.write(root.resolve("weights"), new byte[10_000]);
    try (FileChannel channel = FileChannel.open(file)) {
      MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 10_000, arena);
      Buffer weights = Buffer.owning(device.share(mapped.asSlice(4100, 8)), DType.F32, 2);
      Buffer y = onDevice(7, 7);
      add(weights, weights, y);
      assertArrayEquals(new float[]{0, 0}, download(y));
      assertTrue(weights.isReadOnly());
      assertThrows(RuntimeException.class, () -> queue.copy(y, weights));
      weights.close();
    }
  }

  @Test
  void memoryOfTheHostWaitsForEveryQueueAlsoWhileOneRecords() {
    open();
    MemorySegment bytes = arena.allocate(8192, 4096).asSlice(0, 4);
    bytes.setAtIndex(JAVA_FLOAT, 0, 3);
    Buffer shared = Buffer.owning(device.share(bytes), DType.F32, 1);
    Buffer y = onDevice(0);
    add(shared, shared, y);
    try (Queue other = device.openQueue(Numerics.FAST)) {
      other.discard(other.record(null, () -> {
        shared.close();
        bytes.fill((byte) 0xcc);
      }));
    }
    assertArrayEquals(new float[]{6}, download(y));
  }

  /** Kernels read up to 16 bytes at a time, so the last page needs room behind the bytes. */
  @ParameterizedTest
  @CsvSource({"8, 8, not at the start of a page", "0, 4096, nothing behind the bytes", "0, 4081, too little behind them", "0, 0, nothing"})
  void memoryThatDoesNotFitIsLeftToBeCopied(long offset, long bytes, String why) {
    open();
    assertNull(device.share(arena.allocate(8192, 4096).asSlice(offset, bytes)), why);
    assertNull(device.share(MemorySegment.ofArray(new float[8])), "on the heap");
    assertNull(device.share(arena.allocate(64, 4096).reinterpret(metal.maxBuffer)), "too much");
  }

  @Test
  void aReplayIsWrittenIntoTheNextCommandBuffers() {
    open();
    Buffer x = onDevice(1);
    Buffer y = onDevice(1);
    int launches = MetalQueue.BATCH + 3;
    Queue.Captured captured = queue.record(null, () -> {
      for (int i = 0; i < launches; i++) {
        add(x, y, x);
      }
    });
    assertArrayEquals(new float[]{1}, download(x));
    metal.sent.clear();
    replay(captured);
    replay(captured);
    assertArrayEquals(new float[]{1 + 2 * launches}, download(x));
    assertEquals(2 * launches, metal.sent.get("dispatchThreadgroups:threadsPerThreadgroup:"));
    assertEquals(4, metal.sent.get("setComputePipelineState:"), "one kernel: once for each encoder and each replay");
    assertEquals(4 * 3, metal.sent.get("setBuffer:offset:atIndex:"));
    queue.discard(captured);
    queue.discard(captured);
  }

  private void replay(Queue.Captured captured) {
    queue.begin();
    try {
      queue.replay(captured);
    } finally {
      queue.end();
    }
  }

  @Test
  void badBuffersAreRefusedBeforeMetalSeesThem() {
    open();
    Buffer x = onDevice(1, 2);
    Launch launch = queue.prepare("vec_add_f32");
    assertThrows(KernelException.class, () -> launch.words(x.memory(), 0, 100));
    assertThrows(KernelException.class, () -> queue.prepare("vec_add_f32").words(x.memory(), 2, 1));
    Buffer host = Buffer.wrap(arena.allocate(8, 4), DType.F32);
    assertThrows(IllegalArgumentException.class, () -> queue.prepare("vec_add_f32").buffer(host));
    assertThrows(IllegalArgumentException.class, () -> queue.copy(host, x.slice(0, 1)));
    assertThrows(IllegalArgumentException.class, () -> queue.copy(host, host));
    assertThrows(IllegalArgumentException.class, () -> device.allocate(-1));
    assertThrows(KernelException.class, () -> queue.prepare("no_such_kernel"));
  }

  @Test
  void tooMuchMemoryIsNotAskedFor() {
    open();
    metal.sent.clear();
    assertThrows(DeviceMemoryException.class, () -> device.allocate(metal.maxBuffer));
    assertThrows(DeviceMemoryException.class, () -> device.allocate(Long.MAX_VALUE));
    assertEquals(null, metal.sent.get("newBufferWithLength:options:"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dispatch_data_create", "newLibraryWithData:error:", "newFunctionWithName:", "stringWithUTF8String:",
    "newComputePipelineStateWithFunction:error:"})
  void aDeviceWhoseCodeIsRefusedIsNotOpened(String refused) {
    metal.refused.add(refused);
    KernelException e = assertThrows(KernelException.class, this::open);
    assertEquals(refused.endsWith(":error:"), e.getMessage().contains("refused by the test"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"64, 1024, runs it with 64 lanes", "32, 32, at most 32 threads"})
  void aGpuThatRunsKernelsOtherwiseIsNotOpened(long width, long threads, String said) {
    metal.simdWidth = width;
    metal.maxThreads = threads;
    KernelException e = assertThrows(KernelException.class, this::open);
    assertTrue(e.getMessage().contains(said), e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"newCommandQueue", "newBufferWithLength:options:", "contents"})
  void aQueueThatCannotBeMadeLeavesNothing(String refused) {
    open();
    metal.refused.add(refused);
    assertThrows(KernelException.class, () -> device.openQueue(Numerics.FAST));
  }

  @ParameterizedTest
  @ValueSource(strings = {"newBufferWithLength:options:", "contents"})
  void memoryThatCannotBeHadIsSaid(String refused) {
    open();
    metal.refused.add(refused);
    assertThrows(DeviceMemoryException.class, () -> device.allocate(8));
    assertEquals(0, device.memoryInUse());
  }

  @ParameterizedTest
  @CsvSource({"commandBuffer, no command buffer", "computeCommandEncoder, no command encoder"})
  void aLaunchThatCannotBeWrittenIsSaidAndTheNextOneRuns(String refused, String said) {
    open();
    Buffer x = onDevice(1);
    add(x, x, x);
    queue.sync();
    metal.refused.add(refused);
    KernelException e = assertThrows(KernelException.class, () -> add(x, x, x));
    assertTrue(e.getMessage().contains(said), e.getMessage());
    metal.refused.clear();
    add(x, x, x);
    assertArrayEquals(new float[]{4}, download(x));
  }

  @Test
  void workThatFailsIsSaidInMetalsWordsAndTheQueueGoesOn() {
    open();
    Buffer x = onDevice(1);
    add(x, x, x);
    queue.sync();
    add(x, x, x);
    metal.refused.add("status");
    KernelException e = assertThrows(KernelException.class, queue::sync);
    assertTrue(e.getMessage().endsWith("did not finish its work: Metal gave no reason") || e.getMessage().contains("the GPU hung"),
        e.getMessage());
    metal.refused.clear();
    add(x, x, x);
    assertArrayEquals(new float[]{4}, download(x));
  }

  @Test
  void aClosedDeviceIsRefused() {
    open();
    Buffer x = onDevice(1);
    add(x, x, x);
    device.close();
    assertThrows(IllegalStateException.class, () -> device.allocate(8));
    assertThrows(IllegalStateException.class, () -> device.openQueue(Numerics.FAST));
    assertThrows(IllegalStateException.class, queue::sync);
  }
}

package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Launches and copies on llvmpipe, under the validation layer, which must have nothing to say. */
class VulkanQueueTest {
  private VulkanDevice device;
  private VulkanQueue queue;

  @BeforeEach
  void open() {
    device = Llvmpipe.open();
    queue = (VulkanQueue) device.openQueue(Numerics.FAST);
  }

  @AfterEach
  void close() {
    if (device != null) {
      device.close();
      assertEquals(List.of(), device.validationMessages());
    }
  }

  @Test
  void aKernelSeesItsBuffersAndParameters() {
    Buffer x = Words.buffer(device, DType.F32, 100);
    Buffer y = Words.buffer(device, DType.F32, 100);
    Words.uploadFloats(queue, x, Words.floats(100, 3));
    Words.uploadFloats(queue, y, Words.floats(100, 1));
    queue.prepare("axpy").buffer(x).buffer(y).value(99).value(2f).groups(2);
    float[] expected = Words.floats(100, 7);
    expected[99] = 1;
    assertArrayEquals(expected, Words.readFloats(queue, y));
  }

  /** Descriptors start at aligned bytes; the words before the slice are skipped by the kernel. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 63, 64, 65, 1000})
  void slicesStartAtAnyWord(int start) {
    Buffer x = Words.ints(device, queue, Words.iota(start + 5));
    Buffer y = Words.buffer(device, DType.I32, start + 7);
    queue.prepare("turn").buffer(x.slice(start, 5)).buffer(y.slice(start + 1, 5)).value(5).groups(1);
    int[] result = Words.read(queue, y);
    for (int i = 0; i < 5; i++) {
      assertEquals(start + (i + 1) % 5 + 1, result[start + 1 + i]);
    }
    assertEquals(0, result[start]);
    assertEquals(0, result[start + 6]);
  }

  /** More launches than the ring of command buffers holds, each reading what other groups wrote in the one before. */
  @Test
  void everyLaunchSeesTheOnesBefore() {
    int n = 500;
    int launches = 1000;
    Buffer[] ring = {Words.ints(device, queue, Words.iota(n)), Words.buffer(device, DType.I32, n)};
    Launch turn = queue.prepare("turn");
    for (int i = 0; i < launches; i++) {
      turn.buffer(ring[i % 2]).buffer(ring[1 - i % 2]).value(n).groups((n + 63) / 64);
    }
    int[] result = Words.read(queue, ring[launches % 2]);
    for (int i = 0; i < n; i++) {
      assertEquals((i + launches) % n + launches, result[i]);
    }
  }

  /** More launches than a batch or a pool of descriptors holds; replays follow each other without a wait. */
  @Test
  void aRecordingIsSubmittedAgainAndAgain() {
    int n = 100;
    Buffer[] ring = {Words.ints(device, queue, Words.iota(n)), Words.buffer(device, DType.I32, n)};
    Launch turn = queue.prepare("turn");
    Queue.Captured captured = queue.record(null, () -> {
      for (int i = 0; i < 200; i++) {
        turn.buffer(ring[i % 2]).buffer(ring[1 - i % 2]).value(n).groups(2);
      }
    });
    assertArrayEquals(Words.iota(n), Words.read(queue, ring[0]));
    turn.buffer(ring[0]).buffer(ring[1]).value(n).groups(2);
    turn.buffer(ring[1]).buffer(ring[0]).value(n).groups(2);
    queue.replay(captured);
    queue.replay(captured);
    int[] result = Words.read(queue, ring[0]);
    for (int i = 0; i < n; i++) {
      assertEquals((i + 402) % n + 402, result[i]);
    }
    queue.replay(captured);
    queue.discard(captured);
    Queue.Captured left = queue.record(null, () -> turn.buffer(ring[0]).buffer(ring[1]).value(n).groups(2));
    queue.replay(left); // and closed with the device
  }

  @Test
  void whatNeedsTheDeviceCannotBeRecorded() {
    Buffer x = Words.buffer(device, DType.I32, 64);
    List<Runnable> refused = List.of(queue::sync, () -> queue.scratch(5, 100), () -> Words.read(queue, x),
        () -> queue.copy(x.slice(0, 20), x.slice(10, 20)), queue::close);
    for (Runnable call : refused) {
      assertThrows(IllegalStateException.class, () -> queue.record(null, call));
    }
    assertArrayEquals(new int[64], Words.read(queue, x));
  }

  @Test
  void queuesOfOneDeviceSeeEachOthersSubmissions() {
    VulkanQueue other = (VulkanQueue) device.openQueue(Numerics.FAST);
    Buffer a = Words.ints(device, queue, Words.iota(64));
    Buffer b = Words.buffer(device, DType.I32, 64);
    queue.prepare("turn").buffer(a).buffer(b).value(64).groups(1);
    queue.sync();
    other.prepare("turn").buffer(b).buffer(a).value(64).groups(1);
    assertEquals(4, Words.read(other, a)[0]);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 255, 4096, 4097, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, (12 << 20) + 3})
  void copiesOfAnySizeArriveWhole(int size) {
    byte[] data = new byte[size];
    new Random(size).nextBytes(data);
    Buffer there = Words.buffer(device, DType.I8, size + 9L);
    Buffer copy = Words.buffer(device, DType.I8, size + 3L);
    try (Arena arena = Arena.ofConfined()) {
      queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_BYTE, data), DType.I8), there.slice(7, size));
    }
    queue.copy(there.slice(7, size), copy.slice(1, size));
    assertArrayEquals(data, Words.bytes(queue, copy.slice(1, size)));
    byte[] around = Words.bytes(queue, copy);
    assertEquals(0, around[0] | around[size + 1] | around[size + 2]);
  }

  @Test
  void manySmallUploadsPassThroughTheStagingMemory() {
    Buffer there = Words.buffer(device, DType.I32, 1 << 20);
    int[] part = new int[3 << 15];
    for (int i = 0; i < 40; i++) {
      Arrays.fill(part, i);
      Words.upload(queue, there.slice((long) i * 25_000, part.length > 25_000 ? 25_000 : part.length),
          Arrays.copyOf(part, 25_000));
    }
    int[] result = Words.read(queue, there);
    for (int i = 0; i < 40 * 25_000; i++) {
      assertEquals(i / 25_000, result[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-3, -1, 0, 1, 3, 100})
  void overlappingCopiesReadBeforeTheyWrite(int shift) {
    Buffer all = Words.ints(device, queue, Words.iota(300));
    queue.copy(all.slice(100, 100), all.slice(100 + shift, 100));
    int[] expected = Words.iota(300);
    System.arraycopy(expected, 100, expected, 100 + shift, 100);
    assertArrayEquals(expected, Words.read(queue, all));
    assertEquals(1200, device.memoryInUse(), "memory of the copy itself is not counted");
  }

  @Test
  void copiesOnTheHostAreMadeAtOnce() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocateFrom(ValueLayout.JAVA_INT, 1, 2, 3);
      MemorySegment to = arena.allocate(12, 4);
      queue.copy(Buffer.wrap(from, DType.I32), Buffer.wrap(to, DType.I32));
      assertArrayEquals(new int[]{1, 2, 3}, to.toArray(ValueLayout.JAVA_INT));
    }
  }

  @Test
  void copiesThatCannotBeMadeAreRefused() {
    Buffer a = Words.buffer(device, DType.I32, 4);
    Buffer longer = Words.buffer(device, DType.I32, 5);
    assertThrows(IllegalArgumentException.class, () -> queue.copy(a, longer));
    Buffer closed = Words.buffer(device, DType.I32, 4);
    closed.close();
    assertThrows(IllegalStateException.class, () -> queue.copy(a, closed));
    assertThrows(IllegalStateException.class, () -> queue.copy(closed, a));
    try (VulkanDevice other = Llvmpipe.open(new LwjglCalls(), Llvmpipe.PLAIN)) {
      Buffer foreign = Words.buffer(other, DType.I32, 4);
      assertThrows(IllegalArgumentException.class, () -> queue.copy(foreign, a));
      assertThrows(IllegalArgumentException.class, () -> queue.copy(a, foreign));
    }
  }

  @Test
  void anIndexOutsideItsRangeIsReportedOnceAtTheNextWait() {
    Buffer table = Words.ints(device, queue, 10, 11, 12);
    Buffer out = Words.buffer(device, DType.I32, 3);
    Buffer index = Words.ints(device, queue, 2, 3, 0);
    Launch pick = queue.prepare("pick");
    pick.buffer(index).buffer(table).buffer(out).buffer(queue.faults()).value(3).value(3).groups(1);
    IndexOutOfBoundsException e = assertThrows(IndexOutOfBoundsException.class, queue::sync);
    assertEquals("token id 3 at position 1 is outside 0..3", e.getMessage());
    queue.sync();
    assertArrayEquals(new int[]{12, 0, 10}, Words.read(queue, out));
    pick.buffer(index).buffer(table).buffer(out).buffer(queue.faults()).value(3).value(3).groups(1);
    assertThrows(IndexOutOfBoundsException.class, () -> Words.read(queue, out), "a copy to the host waits, too");
  }

  @Test
  void scratchMemoryGrowsAndStays() {
    Buffer small = queue.scratch(3, 1000);
    assertTrue(small.byteSize() >= 1000);
    assertSame(small, queue.scratch(3, 1000));
    Buffer other = queue.scratch(0, 10);
    assertTrue(!other.overlaps(small));
    Buffer large = queue.scratch(3, 100 << 20);
    assertTrue(large.byteSize() >= 100 << 20);
    assertSame(large, queue.scratch(3, 5));
    assertEquals(0, device.memoryInUse(), "scratch memory is not the caller's");
  }

  @Test
  void misuseOfALaunchIsRefused() {
    Buffer x = Words.buffer(device, DType.I32, 64);
    Launch turn = queue.prepare("turn");
    turn.buffer(x).buffer(x);
    assertThrows(KernelException.class, () -> turn.buffer(x), "a third buffer");
    turn.value(1);
    assertThrows(KernelException.class, () -> turn.value(1), "a second parameter");
    Launch other = queue.prepare("turn");
    assertThrows(KernelException.class, () -> other.words(x.memory(), 0, 69), "words behind the memory and its padding");
    assertThrows(KernelException.class, () -> other.words(x.memory(), -4, 1));
    assertThrows(KernelException.class, () -> other.words(x.memory(), 2, 1));
    try (Arena arena = Arena.ofConfined()) {
      Buffer host = Buffer.wrap(arena.allocate(256), DType.I32);
      assertThrows(KernelException.class, () -> other.buffer(host));
    }
    assertThrows(KernelException.class, () -> queue.prepare("no_such_kernel"));
  }

  @Test
  void aBufferAsLongAsTheWindowCanBeBoundAndNoLonger() {
    long window = queue.windowBytes();
    assertEquals(0, window % (64 << 10));
    Buffer large = Words.buffer(device, DType.I32, window / 4 + 64);
    Launch turn = queue.prepare("turn");
    assertThrows(KernelException.class, () -> turn.words(large.memory(), 0, window / 4 + 1));
    Buffer y = Words.buffer(device, DType.I32, 64);
    turn.words(large.memory(), 4, window / 4).buffer(y).value(64).groups(1);
    assertEquals(1, Words.read(queue, y)[0]);
  }

  @Test
  void closedMemoryIsNotLaunchedOn() {
    Buffer x = Words.buffer(device, DType.I32, 64);
    Buffer y = Words.buffer(device, DType.I32, 64);
    Launch turn = queue.prepare("turn").buffer(x).buffer(y).value(64);
    x.close();
    assertThrows(IllegalStateException.class, () -> turn.groups(1));
  }

  @Test
  void aClosedQueueRunsNothing() {
    Buffer x = Words.buffer(device, DType.I32, 64);
    Launch turn = queue.prepare("turn").buffer(x).buffer(x).value(64);
    queue.close();
    assertThrows(IllegalStateException.class, queue::begin);
    assertThrows(IllegalStateException.class, () -> turn.groups(1));
    queue.close();
  }

  /** Memory that is closed right after a launch is used by it still, and given to the next allocation. */
  @Test
  void memoryMayBeClosedWhileLaunchesUseIt() {
    Buffer result = Words.buffer(device, DType.I32, 64);
    Launch turn = queue.prepare("turn");
    for (int i = 0; i < 300; i++) {
      Buffer x = Words.ints(device, queue, Words.iota(64));
      turn.buffer(x).buffer(result).value(64).groups(1);
      x.close();
    }
    Buffer fresh = Words.buffer(device, DType.I32, 64);
    assertArrayEquals(new int[64], Words.read(queue, fresh));
    int[] words = Words.read(queue, result);
    for (int i = 0; i < 64; i++) {
      assertEquals((i + 1) % 64 + 1, words[i]);
    }
  }

  /**
   * On Java 25 LWJGL makes objects for pointers, which the compiler removes in what runs often; what is left is in the submission of
   * every 64th launch, and less than the smallest object for each launch.
   */
  @Test
  void launchesAllocateNothing() {
    int launches = 2000;
    try (VulkanDevice plain = Llvmpipe.open(new LwjglCalls(), Llvmpipe.PLAIN)) {
      VulkanQueue fast = (VulkanQueue) plain.openQueue(Numerics.FAST);
      Buffer x = Words.buffer(plain, DType.I32, 64);
      Buffer y = Words.buffer(plain, DType.I32, 64);
      Launch turn = fast.prepare("turn");
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 100 && least > 4 * launches; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < launches; i++) {
          turn.buffer(x).buffer(y).value(64).groups(1);
        }
        fast.sync();
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertTrue(least <= 4 * launches, least + " bytes for " + launches + " launches");
    }
  }
}

package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.DeviceMemoryException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.DeviceMemory;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import io.gllm.kernels.api.spi.Queue;
import io.gllm.kernels.api.spi.SelfTestReport;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory of a real device. */
class VulkanDeviceTest {
  private RecordingCalls calls;
  private VulkanDevice device;
  private Queue queue;

  @BeforeEach
  void open() {
    calls = new RecordingCalls();
    device = Llvmpipe.open(calls.proxy(), Llvmpipe.VALIDATED);
    queue = device.openQueue(Numerics.FAST);
  }

  @AfterEach
  void close() {
    if (device != null) {
      device.close();
      assertEquals(List.of(), device.validationMessages());
      assertEquals("{}", calls.alive().toString(), "something was not freed");
    }
  }

  @Test
  void memoryIsZeroAlsoWhenItWasUsedBefore() {
    for (int size : new int[]{1, 1000, 1 << 20, 40 << 20}) {
      byte[] ones = new byte[size];
      Arrays.fill(ones, (byte) 1);
      for (int i = 0; i < 3; i++) {
        Buffer buffer = Words.buffer(device, DType.I8, size);
        assertArrayEquals(new byte[size], Words.bytes(queue, buffer));
        try (Arena arena = Arena.ofConfined()) {
          queue.copy(Buffer.wrap(arena.allocateFrom(ValueLayout.JAVA_BYTE, ones), DType.I8), buffer);
        }
        buffer.close();
      }
    }
  }

  @Test
  void smallAllocationsShareABlockAndLargeOnesDoNot() {
    waitForTheDevice();
    int before = calls.alive().get("Memory") - 1; // without the block of small allocations, which is there already
    List<DeviceMemory> small = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      small.add(device.allocate(1000));
    }
    assertEquals(before + 1, calls.alive().get("Memory"));
    DeviceMemory large = device.allocate(VulkanHeap.BLOCK_BYTES);
    assertEquals(before + 2, calls.alive().get("Memory"));
    large.close();
    waitForTheDevice();
    small.forEach(DeviceMemory::close);
    assertEquals(before + 1, calls.alive().get("Memory"), "the empty block is kept for the next allocation");
    device.allocate(5).close();
    assertEquals(before + 1, calls.alive().get("Memory"));
  }

  /** A copy to the host comes after everything that was submitted. */
  private void waitForTheDevice() {
    Buffer buffer = Words.buffer(device, DType.I32, 1);
    Words.read(queue, buffer);
    buffer.close();
  }

  @Test
  void addressesTellAllocationsApart() {
    Buffer a = Words.buffer(device, DType.I32, 100);
    Buffer b = Words.buffer(device, DType.I32, 100);
    assertFalse(a.overlaps(b));
    assertTrue(a.overlaps(a.slice(50, 50)));
    assertFalse(a.slice(0, 50).overlaps(a.slice(50, 50)));
    long address = a.address();
    a.close();
    assertTrue(Words.buffer(device, DType.I32, 100).address() != address, "an address is not used again");
    assertNull(b.segment());
    assertEquals(0, b.memory().address() % 64);
  }

  @Test
  void memoryInUseIsWhatIsOpen() {
    assertEquals(0, device.memoryInUse());
    DeviceMemory a = device.allocate(1000);
    DeviceMemory b = device.allocate(0);
    assertEquals(1000, device.memoryInUse());
    a.close();
    a.close();
    b.close();
    assertEquals(0, device.memoryInUse());
    assertFalse(a.isOpen());
  }

  @Test
  void theSpeedOfMemoryIsThatOfCopies() {
    try (PeakProbe read = device.openPeak(PeakKind.READ, 1000)) {
      read.run();
      assertEquals(4 * 2 * 1000, read.work(), "four copies, read and written");
      assertEquals(2000, device.memoryInUse());
    }
    assertEquals(0, device.memoryInUse());
    assertNull(device.openPeak(PeakKind.FMA_F32, 0), "nothing is made up");
  }

  @Test
  void memoryThatTheDeviceDoesNotHaveIsRefusedWithNumbers() {
    for (long bytes : new long[]{1L << 45, Long.MAX_VALUE}) {
      DeviceMemoryException e = assertThrows(DeviceMemoryException.class, () -> device.allocate(bytes));
      assertEquals(bytes, e.requested());
      assertTrue(e.total() > 0, e.getMessage());
    }
    assertThrows(IllegalArgumentException.class, () -> device.allocate(-1));
    assertEquals(0, device.memoryInUse());
    device.allocate(1000).close();
  }

  @Test
  void aClosedDeviceIsOfNoUse() {
    DeviceMemory memory = device.allocate(100);
    device.close();
    assertFalse(memory.isOpen());
    assertEquals(0, device.memoryInUse());
    assertThrows(IllegalStateException.class, () -> device.allocate(1));
    assertThrows(IllegalStateException.class, () -> device.openQueue(Numerics.FAST));
    assertThrows(IllegalStateException.class, () -> queue.begin());
    memory.close();
    device.close();
  }

  @Test
  void kernelsAreExplained() {
    List<Candidate> candidates = device.explain(UnaryOp.SILU, DType.F32, Numerics.FAST);
    assertEquals(List.of("silu_f32"), candidates.stream().filter(Candidate::chosen).map(Candidate::kernel).toList());
    assertFalse(device.usesHostMemory());
  }

  /** The kernels of the library give the recorded bits on this device; those of the tests have no record. */
  @Test
  void everyKernelIsTestedOnKnownData() {
    SelfTestReport unknown = device.testKernels();
    assertEquals(0, unknown.passed());
    assertEquals(TestKernels.SIGNATURES.keySet(), unknown.quarantined().keySet());
    KernelStore shipped = KernelStore.shipped();
    try (VulkanDevice own = Llvmpipe.open(shipped, Llvmpipe.VALIDATED)) {
      SelfTestReport report = own.testKernels();
      assertEquals(Map.of(), report.quarantined());
      assertEquals(shipped.symbols().size(), report.passed());
      assertEquals(List.of(), own.validationMessages());
    }
  }

  /** Threads that allocate, launch on a queue of their own and close, all at once. */
  @Test
  void manyThreadsUseOneDevice() throws InterruptedException {
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      int seed = t;
      threads.add(Thread.ofPlatform().start(() -> {
        try (VulkanQueue own = (VulkanQueue) device.openQueue(Numerics.FAST)) {
          for (int i = 0; i < 50; i++) {
            Buffer x = Words.ints(device, own, Words.iota(100 + seed));
            Buffer y = Words.buffer(device, DType.I32, 100 + seed);
            own.begin();
            try {
              own.prepare("turn").buffer(x).buffer(y).value(100 + seed).groups(2);
            } finally {
              own.end();
            }
            x.close();
            assertEquals(2, Words.read(own, y)[0]);
            y.close();
          }
        } catch (Throwable e) {
          failures.add(e);
        }
      }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertEquals(List.of(), failures);
    assertEquals(0, device.memoryInUse());
  }
}

package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A recording gives what its calls give, and says what cannot be recorded. Here on the CPU; subclasses name other backends. */
class RecordingTest {
  private static final int ROWS = 5;
  private static final int DIM = 64;

  private KernelDispatcher kernels;
  private Buffer table;
  private Buffer weight;
  private Buffer ids;
  private Buffer x;
  private Buffer logits;
  private Buffer best;

  /** The dispatcher under test. */
  KernelDispatcher open() {
    return KernelDispatcher.builder().backend("cpu").create();
  }

  @BeforeEach
  void operands() {
    kernels = open();
    float[] values = new float[ROWS * DIM];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.sin(i * 0.7);
    }
    table = kernels.upload(values);
    weight = kernels.upload(Arrays.copyOf(values, DIM));
    ids = kernels.upload(0, 1);
    x = kernels.allocate(DType.F32, 2 * DIM);
    logits = kernels.allocate(DType.F32, 2 * ROWS);
    best = kernels.allocate(DType.I32, 2);
  }

  @AfterEach
  void close() {
    if (kernels != null) {
      kernels.close();
    }
  }

  /** A step of a tiny model: what it reads first, the ids, lies in a buffer. */
  private void step(KernelDispatcher on) {
    on.embedding(table, ids, x, 2, ROWS, DIM);
    on.rmsNorm(x, weight, x, 2, DIM, 1e-5f);
    on.gemmBt(x, table, logits, 2, ROWS, DIM);
    on.softmax(logits, null, logits, 2, ROWS, 1f);
    on.argmax(logits, best, 2, ROWS);
  }

  private void setIds(int first, int second) {
    kernels.write(ids, MemorySegment.ofArray(new int[]{first, second}));
  }

  private void compare(KernelDispatcher on) {
    step(on);
    on.sync();
    try (Recording recording = on.record(() -> step(on))) {
      for (int round = 0; round < ROWS; round++) {
        setIds(round, ROWS - 1 - round);
        step(on);
        float[] expected = on.readFloats(logits);
        int token = on.readInt(best, 0);
        on.write(logits, MemorySegment.ofArray(new float[2 * ROWS]));
        on.write(best, MemorySegment.ofArray(new int[2]));
        recording.replay();
        assertArrayEquals(expected, on.readFloats(logits));
        assertEquals(token, on.readInt(best, 0));
      }
    }
  }

  @Test
  void aReplayGivesTheBitsOfTheDirectCalls() {
    compare(kernels);
    try (KernelDispatcher reproducible = kernels.reproducible()) {
      compare(reproducible);
    }
  }

  @Test
  void recordingRunsNothingAndReplaysRunInOrderWithOtherCalls() {
    try (Buffer sum = kernels.upload(0f); Buffer one = kernels.upload(1f)) {
      kernels.vecAdd(sum, one, sum, 1);
      try (Recording recording = kernels.record(() -> kernels.vecAdd(sum, one, sum, 1))) {
        assertEquals(1f, kernels.readFloats(sum)[0]);
        recording.replay();
        kernels.vecScale(sum, 10f, 1);
        recording.replay();
        recording.replay();
        assertEquals(22f, kernels.readFloats(sum)[0]);
      }
    }
  }

  @Test
  void whatCannotBeRecordedIsAnError() {
    step(kernels);
    refused("a transfer", () -> kernels.write(ids, MemorySegment.ofArray(new int[2])));
    refused("a transfer", () -> kernels.readFloats(logits));
    refused("a transfer", () -> kernels.readInt(best, 0));
    refused("a wait", kernels::sync);
    refused("packing", () -> kernels.packWeights(table, ROWS, DIM, true));
    refused("a recording", () -> kernels.record(() -> step(kernels)));
    refused("closing", kernels::close);
    try (Recording recording = kernels.record(() -> step(kernels)); KernelDispatcher other = kernels.newQueue()) {
      refused("a replay", recording::replay);
      refused("another dispatcher", () -> step(other));
      recording.replay();
    }
    step(kernels);
    kernels.sync();
  }

  private void refused(String what, Runnable call) {
    String message = assertThrows(IllegalStateException.class, () -> kernels.record(call)).getMessage();
    assertTrue(message.contains(what), message);
    Runnable silent = () -> assertThrows(IllegalStateException.class, call::run);
    assertThrows(IllegalStateException.class, () -> kernels.record(silent), "a refusal that is caught leaves a hole");
  }

  @Test
  void anOperandThatWouldBeCopiedForEachCallIsRefused() {
    assumeFalse(kernels.usesHostMemory(), "host memory is used in place");
    try (Arena arena = Arena.ofConfined()) {
      Buffer host = Buffer.wrap(arena.allocate(4 * DIM, 64), DType.F32);
      refused("on the host", () -> kernels.rmsNorm(x, host, x, 2, DIM, 1e-5f));
    }
  }

  @Test
  void misuseWithinARecordingIsThatOfTheCallAndLeavesTheDispatcherUsable() {
    assertThrows(IllegalArgumentException.class, () -> kernels.record(() -> kernels.vecAdd(x, x, x, 1000)));
    compare(kernels);
  }

  @Test
  void closedBuffersAreRefused() {
    Buffer a = kernels.upload(1f);
    Buffer b = kernels.upload(2f);
    kernels.vecAdd(a, a, a, 1);
    assertThrows(IllegalStateException.class, () -> kernels.record(() -> {
      kernels.vecAdd(b, b, b, 1);
      b.close();
    }));
    Recording recording = kernels.record(() -> kernels.vecAdd(a, a, a, 1));
    a.close();
    assertTrue(assertThrows(IllegalStateException.class, recording::replay).getMessage().contains("a buffer of the recording is closed"));
    recording.close();
    recording.close();
    assertTrue(assertThrows(IllegalStateException.class, recording::replay).getMessage().contains("the recording is closed"));
  }

  @Test
  void aClosedDispatcherFreesItsRecordings() {
    step(kernels);
    Recording recording = kernels.record(() -> step(kernels));
    recording.replay();
    kernels.close();
    assertThrows(IllegalStateException.class, recording::replay);
    recording.close();
    assertThrows(IllegalStateException.class, () -> kernels.record(() -> {}));
  }

  /** Odd rows of 16-bit numbers go through scratch memory on a GPU: that of the recording stays when later calls need more. */
  @Test
  void scratchMemoryOfARecordingStays() {
    int cols = 33;
    int many = 9_000;
    try (Buffer in = kernels.allocate(DType.F16, many * cols); Buffer out = kernels.allocate(DType.F16, many * cols)) {
      Runnable few = () -> kernels.softmax(in, null, out, 3, cols, 1f);
      if (!kernels.usesHostMemory()) {
        refused("scratch", few);
      }
      few.run();
      byte[] expected = bytes(out, 3 * cols);
      try (Recording recording = kernels.record(few)) {
        kernels.cast(x, out.slice(0, 2 * DIM), 2 * DIM);
        kernels.softmax(in.slice(0, (many - 1) * cols), null, out.slice(0, (many - 1) * cols), many - 1, cols, 2f);
        kernels.write(out, MemorySegment.ofArray(new byte[2 * 3 * cols]));
        recording.replay();
        assertArrayEquals(expected, bytes(out, 3 * cols));
      }
    }
  }

  private byte[] bytes(Buffer buffer, int elements) {
    byte[] bytes = new byte[2 * elements];
    kernels.read(buffer.slice(0, elements), MemorySegment.ofArray(bytes));
    return bytes;
  }

  @Test
  void aWrongIndexIsToldAtTheNextWaitAtTheLatest() {
    step(kernels);
    try (Recording recording = kernels.record(() -> step(kernels))) {
      setIds(1, ROWS);
      assertThrows(IndexOutOfBoundsException.class, () -> {
        recording.replay();
        kernels.sync();
      });
      setIds(1, 2);
      recording.replay();
      kernels.sync();
    }
  }

  @Test
  void aReplayAllocatesNothing() {
    assumeTrue(kernels.usesHostMemory(), "what a driver's binding allocates is measured in the backend's own tests");
    step(kernels);
    try (Recording recording = kernels.record(() -> step(kernels))) {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long least = Long.MAX_VALUE;
      long end = System.nanoTime() + 20_000_000_000L; // the compiler may have to wait for a core
      while (least != 0 && System.nanoTime() < end) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 100; i++) {
          recording.replay();
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(0, least);
    }
  }
}

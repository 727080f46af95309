package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.PagedShape;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The dispatcher: choice of device, misuse, closing, threads, allocation. */
class KernelDispatcherTest {
  @Test
  void choosesTheCpuWhereNothingElseIsAndSaysWhy() {
    try (var kernels = KernelDispatcher.create()) {
      assertEquals("cpu", kernels.device().backend());
      assertTrue(kernels.report().summary().startsWith("using cpu"));
      assertEquals(3, kernels.explain(RmsNorm.OP).size());
    }
  }

  @Test
  void runsAnOperator() {
    try (var kernels = KernelDispatcher.create();
        Buffer x = kernels.upload(3f, 4f);
        Buffer w = kernels.upload(1f, 2f);
        Buffer out = kernels.allocate(DType.F32, 2)) {
      kernels.rmsNorm(x, w, out, 1, 2, 0f);
      float rms = (float) Math.sqrt(12.5);
      assertArrayEquals(new float[]{3 / rms, 8 / rms}, out.toFloatArray(), 1e-6f);
    }
  }

  @Test
  void anUnknownBackendIsAnErrorWithReasonAndFix() {
    var builder = KernelDispatcher.builder().backend("abacus");
    var e = assertThrows(BackendUnavailableException.class, builder::create);
    assertTrue(e.getMessage().contains("abacus") && e.getMessage().contains("installed are"), e.getMessage());
  }

  @Test
  void anOptionWithoutSuchAValueIsAnError() {
    assertThrows(IllegalArgumentException.class, () -> KernelDispatcher.builder().backend("cpu").option("cpu.threads", "many").create());
    assertThrows(IllegalArgumentException.class, () -> KernelDispatcher.builder().backend("cpu").option("cpu.tier", "quantum").create());
  }

  @Test
  void misuseNamesTheSizes() {
    try (var kernels = KernelDispatcher.create(); Buffer x = kernels.upload(1f, 2f, 3f); Buffer y = kernels.upload(1f, 2f, 3f)) {
      var tooShort = assertThrows(IllegalArgumentException.class, () -> kernels.vecAdd(x, y, y, 4));
      assertTrue(tooShort.getMessage().contains("3") && tooShort.getMessage().contains("4"), tooShort.getMessage());
      assertThrows(IllegalArgumentException.class, () -> kernels.vecAdd(x, y, y, -1));
      assertThrows(IllegalArgumentException.class, () -> kernels.vecAdd(x, null, y, 1));
      assertThrows(IllegalArgumentException.class, () -> kernels.silu(x.slice(0, 2), x.slice(1, 2), 2), "partial overlap");
      assertThrows(IllegalArgumentException.class, () -> kernels.gemm(x, x, y, Long.MAX_VALUE, 2, 2), "overflow");
    }
  }

  @Test
  void closedBuffersAndDispatchersAreErrors() {
    var kernels = KernelDispatcher.create();
    Buffer x = kernels.upload(1f);
    Buffer closed = kernels.upload(1f);
    closed.close();
    closed.close();
    assertThrows(IllegalStateException.class, () -> kernels.vecAdd(x, closed, x, 1));
    assertThrows(IllegalStateException.class, () -> x.slice(0, 1).close());
    assertEquals(4, kernels.memoryInUse());
    kernels.close();
    kernels.close();
    assertFalse(x.isOpen());
    assertThrows(IllegalStateException.class, () -> kernels.vecAdd(x, x, x, 1));
    assertThrows(IllegalStateException.class, () -> kernels.allocate(DType.F32, 1));
    assertThrows(IllegalStateException.class, x::toFloatArray);
  }

  @Test
  void weightsThatCannotBePackedTakeNoMemory() {
    try (var kernels = KernelDispatcher.create(); Buffer x = kernels.upload(1f, 2f); Buffer ids = kernels.upload(1, 2)) {
      long before = kernels.memoryInUse();
      assertThrows(IllegalArgumentException.class, () -> kernels.packWeights(x, 3, 1, true));
      assertThrows(IllegalArgumentException.class, () -> kernels.packWeights(x, -1, 1, true));
      assertThrows(IllegalArgumentException.class, () -> kernels.packWeights(x, Long.MAX_VALUE, 2, true));
      assertThrows(IllegalArgumentException.class, () -> kernels.packWeights(ids, 2, 1, true));
      assertEquals(before, kernels.memoryInUse());
    }
  }

  @Test
  void aPackedMatrixIsOpaqueAndKnowsItsSize() {
    try (var kernels = KernelDispatcher.create();
        Buffer w = kernels.upload(1f, 2f, 3f, 4f, 5f, 6f);
        Buffer packed = kernels.packWeights(w, 3, 2, true);
        Buffer x = kernels.upload(1f, 10f);
        Buffer y = kernels.allocate(DType.F32, 3)) {
      kernels.gemmPrepacked(x, packed, y, 1, 3, 2);
      assertArrayEquals(new float[]{21f, 43f, 65f}, y.toFloatArray());
      assertThrows(IllegalArgumentException.class, () -> kernels.gemmPrepacked(x, packed, y, 1, 2, 2));
      assertThrows(IllegalArgumentException.class, () -> kernels.gemmPrepacked(w, packed, y, 1, 2, 3), "as many elements, other sizes");
      assertThrows(IllegalArgumentException.class, () -> kernels.gemmPrepacked(x, w, y, 1, 3, 2));
      assertThrows(IllegalArgumentException.class, () -> kernels.gemm(x, packed, y, 1, 3, 2));
      assertThrows(IllegalArgumentException.class, () -> packed.slice(0, 2));
    }
  }

  @Test
  void wrappedSegmentsAreUsedInPlaceUntilTheirArenaCloses() {
    try (var kernels = KernelDispatcher.create()) {
      Buffer wrapped;
      try (Arena arena = Arena.ofConfined()) {
        wrapped = Buffer.wrap(arena.allocate(64, 64), DType.F32);
        kernels.exp(wrapped, wrapped, 16);
        assertEquals(1f, wrapped.toFloatArray()[15]);
        assertEquals(0, kernels.transfers().stagedCopies());
      }
      assertThrows(IllegalStateException.class, () -> kernels.exp(wrapped, wrapped, 16));
    }
  }

  @Test
  void readOnlyMemoryIsAnInputOnly() {
    try (var kernels = KernelDispatcher.create(); Arena arena = Arena.ofShared(); Buffer out = kernels.allocate(DType.F32, 16)) {
      Buffer fixed = Buffer.wrap(arena.allocate(64, 64).asReadOnly(), DType.F32);
      kernels.exp(fixed, out, 16);
      assertEquals(1f, out.toFloatArray()[15]);
      assertThrows(IllegalArgumentException.class, () -> kernels.exp(out, fixed, 16));
      assertThrows(IllegalArgumentException.class, () -> kernels.vecScale(fixed, 2f, 16));
    }
  }

  @Test
  void emptyShapesReturnAtOnceHoweverManyRowsTheyHave() {
    try (var kernels = KernelDispatcher.create(); Buffer x = kernels.allocate(DType.F32, 0); Buffer y = kernels.allocate(DType.F32, 0)) {
      kernels.softmax(x, null, y, Long.MAX_VALUE, 0, 1f);
      kernels.softmax(x, null, y, 0, 1L << 40, 1f);
      kernels.rmsNorm(x, x, y, Long.MAX_VALUE, 0, 1f);
      kernels.layerNorm(x, x, x, y, Long.MAX_VALUE, 0, 1f);
      kernels.gemm(x, x, y, 1L << 60, 0, 0);
      kernels.packWeights(x, 1L << 60, 0, true).close();
    }
  }

  @Test
  void buffersOfAnotherDispatcherAreForeign() {
    try (var kernels = KernelDispatcher.create(); var other = KernelDispatcher.create(); Buffer own = kernels.upload(1f)) {
      Buffer foreign = other.upload(1f);
      var e = assertThrows(IllegalArgumentException.class, () -> kernels.vecAdd(own, foreign, own, 1));
      assertTrue(e.getMessage().contains("another device"), e.getMessage());
    }
  }

  @Test
  void indicesAreCopiedBeforeTheyAreChecked() throws Exception {
    try (var kernels = KernelDispatcher.create();
        var writer = kernels.newQueue();
        Buffer rows = kernels.allocate(DType.F32, 100_000 * 4);
        Buffer slots = kernels.allocate(DType.I32, 100_000);
        Buffer cache = kernels.allocate(DType.F32, 4);
        Buffer other = kernels.allocate(DType.F32, 4)) {
      Buffer last = slots.slice(99_999, 1);
      Thread racer = Thread.ofPlatform().start(() -> {
        for (int i = 0; i < 3_000; i++) {
          writer.write(last, MemorySegment.ofArray(new int[]{i % 2 == 0 ? 0 : 0x3fffffff}));
        }
      });
      int calls = 0;
      int refused = 0;
      while (racer.isAlive() || calls == 0) {
        calls++;
        try {
          kernels.kvAppend(rows, rows, slots, cache, other, 100_000, 4);
        } catch (IndexOutOfBoundsException e) {
          refused++;
        }
      }
      racer.join();
      assertTrue(refused <= calls, "reached, since a slot that changed after its check would have ended the process");
    }
  }

  @Test
  void statisticsOfAttentionMustNotCoverItsIndices() {
    try (var kernels = KernelDispatcher.create();
        Buffer big = kernels.allocate(DType.F32, 8);
        Buffer q = kernels.allocate(DType.F32, 8);
        Buffer out = kernels.allocate(DType.F32, 8);
        Buffer lengths = kernels.upload(1, 1, 1, 1)) {
      PagedShape shape = new PagedShape(4, 1, 1, 1, 2, 16, 1, 1f);
      Buffer table = big.slice(0, 4).as(DType.I32);
      Buffer cache = kernels.allocate(DType.F32, 32);
      assertThrows(IllegalArgumentException.class,
          () -> kernels.pagedAttention(q, cache, cache, table, lengths, out, big.slice(1, 4), shape));
    }
  }

  @Test
  void segmentsThatCutAnElementAreRefusedWithoutALeak() {
    try (var kernels = KernelDispatcher.create()) {
      assertThrows(IllegalArgumentException.class, () -> kernels.upload(MemorySegment.ofArray(new byte[5]), DType.F32));
      assertEquals(0, kernels.memoryInUse());
    }
  }

  @Test
  void aPeakProbeEndsWithItsDevice() {
    var kernels = KernelDispatcher.builder().backend("cpu").option("cpu.threads", "2").create();
    PeakProbe read = kernels.openPeak(PeakKind.READ, 1 << 20);
    PeakProbe fma = kernels.openPeak(PeakKind.FMA_F32, 0);
    read.run();
    read.close();
    assertThrows(IllegalStateException.class, read::run);
    kernels.close();
    assertThrows(IllegalStateException.class, fma::run);
  }

  @Test
  void reproducibleSharesTheDeviceAndItsBuffers() {
    try (var kernels = KernelDispatcher.create(); var exact = kernels.reproducible(); Buffer x = kernels.upload(1f, 2f)) {
      assertEquals(Numerics.REPRODUCIBLE, exact.numerics());
      exact.vecScale(x, 2f, 2);
      kernels.vecScale(x, 2f, 2);
      assertArrayEquals(new float[]{4f, 8f}, x.toFloatArray());
    }
  }

  @Test
  void manyThreadsMayCallAndClose() throws Exception {
    try (var kernels = KernelDispatcher.create(); ExecutorService pool = Executors.newFixedThreadPool(4)) {
      CountDownLatch start = new CountDownLatch(1);
      Future<?>[] done = new Future<?>[4];
      for (int t = 0; t < done.length; t++) {
        done[t] = pool.submit(() -> {
          start.await();
          for (int i = 0; i < 200; i++) {
            try (Buffer x = kernels.allocate(DType.F32, 40_000); Buffer s = kernels.allocate(DType.F32, 1)) {
              kernels.exp(x, x, 40_000);
              kernels.vecSum(x, s, 40_000);
              assertEquals(40_000f, s.toFloatArray()[0]);
            }
          }
          return null;
        });
      }
      start.countDown();
      for (Future<?> f : done) {
        f.get();
      }
      assertEquals(0, kernels.memoryInUse());
    }
  }
}

package io.gllm.kernels.vulkan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.KernelInterface;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class KernelStoreTest {
  private final byte[] bytes = TestKernels.bytes();

  @Test
  void theBlobIsLoadedAtTheFirstKernelAndOnce() {
    AtomicInteger loads = new AtomicInteger();
    KernelStore store = new KernelStore(TestKernels.blob(bytes), () -> {
      loads.incrementAndGet();
      return bytes;
    });
    KernelInterface turn = store.kernel("turn");
    assertEquals(0, loads.get());
    assertEquals(turn.bytes(), store.code(turn).byteSize());
    store.code(store.kernel("axpy"));
    assertEquals(1, loads.get());
  }

  @Test
  void aChangedBlobIsRefusedEachTime() {
    byte[] changed = bytes.clone();
    changed[100] ^= 1;
    KernelStore store = new KernelStore(TestKernels.blob(bytes), () -> changed);
    for (int i = 0; i < 2; i++) {
      KernelException e = assertThrows(KernelException.class, () -> store.code(store.kernel("turn")));
      assertTrue(e.getMessage().contains("SHA-256"), e.getMessage());
    }
  }

  @Test
  void whatIsNoModuleIsRefused() {
    KernelStore store = TestKernels.store();
    int last = bytes.length - 20;
    for (int[] slice : new int[][]{{4, 400}, {0, 16}, {0, 22}, {last, 24}, {last, Integer.MAX_VALUE - 3}}) {
      KernelInterface wrong = new KernelInterface("wrong", slice[0], slice[1], 64, 0, List.of(), List.of());
      assertThrows(KernelException.class, () -> store.code(wrong), slice[0] + "+" + slice[1]);
    }
    assertThrows(KernelException.class, () -> store.kernel("unknown"));
  }
}

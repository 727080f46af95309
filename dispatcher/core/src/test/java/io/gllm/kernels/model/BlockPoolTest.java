package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gllm.kernels.api.KernelException;
import org.junit.jupiter.api.Test;

class BlockPoolTest {
  @Test
  void handsOutEachBlockOnceUntilItIsGivenBack() {
    BlockPool pool = new BlockPool(3);
    assertEquals(0, pool.allocate());
    assertEquals(1, pool.allocate());
    assertEquals(2, pool.allocate());
    assertThrows(KernelException.class, pool::allocate);
    pool.free(1);
    assertEquals(1, pool.available());
    assertThrows(IllegalStateException.class, () -> pool.free(1));
    assertEquals(1, pool.allocate());
  }
}

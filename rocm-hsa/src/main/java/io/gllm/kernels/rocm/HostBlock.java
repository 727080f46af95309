package io.gllm.kernels.rocm;

import io.gllm.kernels.api.KernelException;

/** Host memory that a GPU can use. */
final class HostBlock {
  private HostBlock() {}

  /**
   * The address of new memory, the same for both sides.
   *
   * @throws KernelException if there is none
   */
  static long allocate(HsaCalls calls, RocmGpu gpu, long pool, int bytes) {
    long address = calls.allocate(pool, bytes);
    if (address == 0) {
      throw new KernelException("hsa_amd_memory_pool_allocate answered " + calls.explain(HsaCalls.OUT_OF_RESOURCES) + " for " + bytes
          + " bytes of host memory");
    }
    try {
      calls.allowAccess(gpu.agent(), address);
      return address;
    } catch (RuntimeException e) {
      new Closing(calls).step(() -> calls.free(address));
      throw e;
    }
  }
}

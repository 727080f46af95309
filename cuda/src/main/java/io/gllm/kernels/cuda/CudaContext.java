package io.gllm.kernels.cuda;

import java.util.concurrent.atomic.AtomicInteger;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;

/**
 * The primary context of a GPU. The driver knows a current context for each thread of the system: {@link #enter} sets it before
 * calls, but only where it may be another one, since that costs as much as a tenth of a launch.
 */
final class CudaContext {
  private static final AtomicInteger OPEN = new AtomicInteger();
  private static volatile boolean several; // once true, threads may have been used for two contexts

  private final CudaCalls calls;
  private final CUdevice device;
  private final CUcontext context;
  private final boolean pools;
  private Thread entered; // a thread that reads itself here wrote it here, so no ordering is needed

  private CudaContext(CudaCalls calls, CUdevice device, CUcontext context, boolean pools) {
    this.calls = calls;
    this.device = device;
    this.context = context;
    this.pools = pools;
  }

  /** Retains the primary context of a GPU. */
  static CudaContext open(CudaCalls calls, int ordinal, boolean poolFunctions) {
    CUdevice device = calls.device(ordinal);
    boolean pools = poolFunctions && calls.hasPools(device);
    CUcontext context = calls.retain(device);
    if (OPEN.incrementAndGet() > 1) {
      several = true;
    }
    return new CudaContext(calls, device, context, pools);
  }

  /** Whether memory comes from the driver's pool, freed in the order of a stream. */
  boolean hasPools() {
    return pools;
  }

  /** Makes the context current on this thread. */
  void enter() {
    Thread thread = Thread.currentThread();
    if (thread != entered || several || thread.isVirtual()) { // a virtual thread may have changed its carrier
      calls.makeCurrent(context);
      entered = thread;
    }
  }

  void close() {
    OPEN.decrementAndGet();
    calls.release(device);
  }
}

package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Queue;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** A launch and a replay put nothing on the heap, down to the driver. */
class CudaAllocationStandInTest {
  private static final int LAUNCHES = 20_000;

  private static int launches;

  @SuppressWarnings("unused") // through a method handle
  private static int launched(long function, int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int shared, long stream,
      long parameters, long extra) {
    launches++;
    return 0;
  }

  @SuppressWarnings("unused") // through a method handle; called if other tests had two devices open
  private static int entered(long context) {
    return 0;
  }

  @Test
  void aLaunchAllocatesNothing() throws ReflectiveOperationException {
    CudaBackendProvider provider = new CudaBackendProvider(StandInLibcuda.install(new StandInDriver(), ProbeKernels.blobs()));
    MethodType type = MethodType.methodType(int.class, long.class, int.class, int.class, int.class, int.class, int.class, int.class,
        int.class, long.class, long.class, long.class);
    try (CudaDevice device = (CudaDevice) provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
        CudaQueue queue = (CudaQueue) device.openQueue(Numerics.FAST);
        Buffer x = Buffer.owning(device.allocate(12), DType.F32, 3)) {
      Launch launch = queue.prepare("scale_f32");
      StandInLibcuda.replace("cuLaunchKernel", MethodHandles.lookup().findStatic(CudaAllocationStandInTest.class, "launched", type));
      StandInLibcuda.replace("cuCtxSetCurrent",
          MethodHandles.lookup().findStatic(CudaAllocationStandInTest.class, "entered", MethodType.methodType(int.class, long.class)));
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      launches = 0;
      launch(queue, launch, x); // loads the module
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 5; round++) { // the compilers may allocate in one of them
        long before = threads.getCurrentThreadAllocatedBytes();
        launch(queue, launch, x);
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(6 * LAUNCHES, launches);
      assertEquals(0, least / LAUNCHES, () -> "bytes of a launch");
    } finally {
      StandInLibcuda.restore("cuLaunchKernel");
      StandInLibcuda.restore("cuCtxSetCurrent");
    }
  }

  @SuppressWarnings("unused") // through a method handle
  private static int graphLaunched(long graph, long stream) {
    launches++;
    return 0;
  }

  @Test
  void aReplayAllocatesNothing() throws ReflectiveOperationException {
    CudaBackendProvider provider = new CudaBackendProvider(StandInLibcuda.install(new StandInDriver(), ProbeKernels.blobs()));
    try (CudaDevice device = (CudaDevice) provider.open(provider.probe(BackendConfig.DEFAULT).devices().getFirst(), BackendConfig.DEFAULT);
        CudaQueue queue = (CudaQueue) device.openQueue(Numerics.FAST);
        Buffer x = Buffer.owning(device.allocate(12), DType.F32, 3)) {
      Launch launch = queue.prepare("scale_f32");
      launch.buffer(x).buffer(x).value(3).value(2f).groups(1);
      Queue.Captured captured = queue.record(null, () -> launch.buffer(x).buffer(x).value(3).value(2f).groups(1));
      StandInLibcuda.replace("cuGraphLaunch", MethodHandles.lookup().findStatic(CudaAllocationStandInTest.class, "graphLaunched",
          MethodType.methodType(int.class, long.class, long.class)));
      StandInLibcuda.replace("cuCtxSetCurrent",
          MethodHandles.lookup().findStatic(CudaAllocationStandInTest.class, "entered", MethodType.methodType(int.class, long.class)));
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      launches = 0;
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 5; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < LAUNCHES; i++) {
          queue.replay(captured);
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertEquals(5 * LAUNCHES, launches);
      assertEquals(0, least / LAUNCHES, () -> "bytes of a replay");
    } finally {
      StandInLibcuda.restore("cuGraphLaunch");
      StandInLibcuda.restore("cuCtxSetCurrent");
    }
  }

  private static void launch(CudaQueue queue, Launch launch, Buffer x) {
    for (int i = 0; i < LAUNCHES; i++) {
      queue.begin();
      try {
        launch.buffer(x).buffer(x).value(3).value(2f).groups(1);
      } finally {
        queue.end();
      }
    }
  }
}

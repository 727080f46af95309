package io.gllm.kernels.cpu.vector;

import static io.gllm.kernels.cpu.vector.Harness.blocks;
import static io.gllm.kernels.cpu.vector.Harness.buffer;
import static io.gllm.kernels.cpu.vector.Harness.random;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.BinaryOp;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.op.RmsNorm;
import io.gllm.kernels.api.op.Softmax;
import io.gllm.kernels.api.op.UnaryOp;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.Queue;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Compiled kernels put no vector on the heap. Until they are compiled they do, so each runs until a round allocates nothing. */
class VectorAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final long PATIENCE = Duration.ofSeconds(60).toNanos();

  private static void settles(String what, Runnable kernel) {
    long end = System.nanoTime() + PATIENCE;
    long bytes = 1;
    while (bytes != 0 && System.nanoTime() < end) {
      for (int i = 0; i < 200; i++) {
        kernel.run();
      }
      long before = THREADS.getCurrentThreadAllocatedBytes();
      kernel.run();
      bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
    }
    assertEquals(0, bytes, what);
  }

  @Test
  void kernelsAllocateNothing() {
    int n = 64 * 1024;
    try (Arena a = Arena.ofShared(); Device device = Harness.open("vector", 1); Queue q = device.openQueue(Numerics.FAST)) {
      for (DType type : new DType[]{DType.F32, DType.F16}) {
        Buffer x = random(q, a, type, n, 1);
        Buffer y = random(q, a, type, n, 2);
        Buffer out = buffer(a, type, n);
        UnaryOp.Kernel gelu = q.kernel(UnaryOp.GELU_ERF, type);
        settles("gelu_erf " + type, () -> gelu.run(x, out, n));
        BinaryOp.Kernel swiglu = q.kernel(BinaryOp.SWIGLU, type);
        settles("swiglu " + type, () -> swiglu.run(x, y, out, n));
        Softmax.Kernel softmax = q.kernel(Softmax.OP, type);
        settles("softmax " + type, () -> softmax.run(x, null, out, 64, 1024, 0.5f));
        RmsNorm.Kernel norm = q.kernel(RmsNorm.OP, type);
        settles("rms_norm " + type, () -> norm.run(x, y, out, 64, 1024, 1e-5f));
        Buffer c = buffer(a, DType.F32, 7 * 64);
        Buffer rows = random(q, a, DType.F32, 7 * 1024, 3);
        MatMul.Gemm gemm = q.kernel(MatMul.GEMM_BT, type);
        settles("gemm_bt " + type, () -> gemm.run(rows, x, c, 7, 64, 1024));
      }
      Buffer w = blocks(a, QuantFormat.Q4_K, n, 1);
      Buffer rows = random(q, a, DType.F32, 7 * 1024, 3);
      Buffer c = buffer(a, DType.F32, 7 * 64);
      QuantMatMul.Kernel quantised = q.kernel(QuantMatMul.OP, QuantFormat.Q4_K);
      settles("quant_matmul", () -> quantised.run(w, rows, c, 7, 64, 1024));
    }
  }
}

package io.gllm.kernels.portable;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Embedding;
import io.gllm.kernels.api.op.MatMul;
import io.gllm.kernels.api.op.PackB;
import io.gllm.kernels.api.spi.Queue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What the launchers of matrices refuse because no window of a device holds it, on a device whose bindings span 64 KB. */
class PortableLimitsTest {
  private static final int WINDOW = 1 << 16;
  private static final int LONG = WINDOW / 4 + 1;

  private final HostDevice device = new HostDevice(HostLibrary.get(), 0, WINDOW);
  private final Queue queue = device.openQueue(Numerics.FAST);
  private final Buffer memory = Buffer.owning(device.allocate(16 * WINDOW), DType.I8, 16 * WINDOW);

  @AfterEach
  void close() {
    queue.close();
    memory.close();
  }

  private Buffer floats(int window, int n) {
    return memory.slice((long) window * WINDOW, 4L * n).as(DType.F32);
  }

  private static void refused(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  private static String row(String size) {
    return size + " makes a row of " + 4 * LONG + " bytes, one binding of the device holds " + WINDOW;
  }

  @Test
  void aRowOfActivationsIsLongerThanAWindow() {
    MatMul.Gemv gemv = queue.kernel(MatMul.GEMV, DType.F32);
    refused(row("k"), () -> gemv.run(floats(0, LONG), floats(2, LONG), floats(4, 1), 1, LONG));
    MatMul.Gemm gemm = queue.kernel(MatMul.GEMM, DType.F32);
    refused(row("k"), () -> gemm.run(floats(0, LONG), floats(2, LONG), floats(4, 1), 1, 1, LONG));
  }

  @Test
  void aRowOfTheResultIsLongerThanAWindow() {
    MatMul.Gemm gemm = queue.kernel(MatMul.GEMM, DType.F32);
    refused(row("n"), () -> gemm.run(floats(0, 1), floats(2, LONG), floats(4, LONG), 1, LONG, 1));
    MatMul.Gemm transposed = queue.kernel(MatMul.GEMM_BT, DType.F32);
    refused(row("n"), () -> transposed.run(floats(0, 1), floats(2, LONG), floats(4, LONG), 1, LONG, 1));
  }

  @Test
  void aRowOfATableIsLongerThanAWindow() {
    Embedding.Kernel embedding = queue.kernel(Embedding.OP, DType.F32);
    Buffer id = memory.slice(6 * WINDOW, 4).as(DType.I32);
    refused(row("dim"), () -> embedding.run(floats(0, LONG), id, floats(2, LONG), 1, 1, LONG));
  }

  @Test
  void aTranspositionNeedsTwoRowsOfTheResultInAWindow() {
    PackB.Kernel pack = queue.kernel(PackB.OP, DType.F32);
    int k = WINDOW / 4 - 1;
    try (Buffer packed = Buffer.packed(device.allocate(pack.packedBytes(2, k)), DType.F32, 2, k)) {
      refused("two rows of the matrix are more than one binding of the device holds",
          () -> pack.run(floats(0, 2 * k), packed, 2, k, false));
    }
  }

  @Test
  void blocksStartAtAnOddByte() {
    Dequant.Kernel dequant = queue.kernel(Dequant.OP, QuantFormat.Q8_0);
    Buffer blocks = memory.slice(1, 34).as(QuantFormat.Q8_0);
    refused("a buffer of q8_0 starts at an odd byte", () -> dequant.run(blocks, floats(2, 32), 32));
  }
}

package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gllm.kernels.cuda.CudaStandIn;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Recordings as graphs of a stand-in for the CUDA driver. */
class CudaRecordingTest extends RecordingTest {
  private CudaStandIn cuda;

  @Override
  KernelDispatcher open() {
    cuda = new CudaStandIn();
    return TestDispatchers.on(cuda.provider());
  }

  @AfterEach
  @Override
  void close() {
    super.close();
    assertEquals(List.of(), cuda == null ? List.of() : cuda.mistakes());
  }
}

package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gllm.kernels.cuda.StandInGpu;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/** Recordings as CUDA graphs, on the stand-in for the driver, whose kernels run in the PTX interpreter. */
class CudaRecordingStandInTest extends RecordingTest {
  private final StandInGpu gpu = new StandInGpu();

  @Override
  KernelDispatcher open() {
    return new KernelDispatcher.Builder(Map.of("cuda", gpu)).backend("cuda").create();
  }

  @AfterEach
  void theDriverSawNoMisuse() {
    super.close();
    assertEquals(List.of(), gpu.misuse());
  }
}

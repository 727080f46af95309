package io.gllm.kernels.portable;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.cuda.CudaStandIn;
import java.util.List;

/** The shipped PTX on the golden blocks. */
class CudaGoldenTest extends GoldenConformance {
  private CudaStandIn cuda;

  @Override
  protected Device open() {
    cuda = new CudaStandIn();
    return first(cuda.provider());
  }

  @Override
  protected List<String> mistakes() {
    return cuda.mistakes();
  }
}

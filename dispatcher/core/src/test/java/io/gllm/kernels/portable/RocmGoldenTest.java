package io.gllm.kernels.portable;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.rocm.RocmStandIn;
import java.util.List;

/** The shipped machine code of gfx1100 on the golden blocks. */
class RocmGoldenTest extends GoldenConformance {
  private RocmStandIn rocm;

  @Override
  protected Device open() {
    rocm = new RocmStandIn("gfx1100");
    return first(rocm.provider());
  }

  @Override
  protected List<String> mistakes() {
    return rocm.mistakes();
  }
}

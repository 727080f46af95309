package io.gllm.kernels.portable;

import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.metal.MetalStandIn;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** The shipped bitcode for Metal on the golden blocks. */
class MetalGoldenTest extends GoldenConformance {
  @TempDir
  private static Path root;

  private MetalStandIn metal;

  @Override
  protected Device open() {
    metal = new MetalStandIn(root);
    return first(metal.provider());
  }

  @Override
  protected List<String> mistakes() {
    return metal.mistakes();
  }
}

package io.gllm.kernels.model;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.TestDispatchers;
import io.gllm.kernels.metal.MetalStandIn;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** Models on the Metal backend, whose shipped bitcode runs on this machine behind a stand-in for Metal. */
class MetalModelsTest extends ModelConformance {
  @TempDir
  private static Path root;

  private MetalStandIn metal;

  @Override
  protected KernelDispatcher openDevice() {
    metal = new MetalStandIn(root);
    return TestDispatchers.strict(metal.provider());
  }

  @Override
  protected List<String> fast() {
    return List.of("f32", "f16");
  }

  /** Its tuned kernels differ from these. */
  @Override
  protected List<String> reproducible() {
    return List.of("q4_k");
  }

  @Override
  protected List<String> mistakes() {
    return metal.mistakes();
  }
}

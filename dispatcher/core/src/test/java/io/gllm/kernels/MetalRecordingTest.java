package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gllm.kernels.metal.MetalStandIn;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Recordings that Metal's host code encodes again, behind a stand-in for Metal. */
class MetalRecordingTest extends RecordingTest {
  @TempDir
  private static Path root;

  private MetalStandIn metal;

  @Override
  KernelDispatcher open() {
    metal = new MetalStandIn(root);
    return TestDispatchers.on(metal.provider());
  }

  @AfterEach
  @Override
  void close() {
    super.close();
    assertEquals(List.of(), metal == null ? List.of() : metal.mistakes());
  }
}

package io.gllm.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gllm.kernels.rocm.RocmStandIn;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/** Recordings as runs of packets, of the shipped code of gfx1100, behind a stand-in for the HSA runtime. */
class RocmRecordingTest extends RecordingTest {
  private RocmStandIn rocm;

  @Override
  KernelDispatcher open() {
    rocm = new RocmStandIn("gfx1100");
    return TestDispatchers.on(rocm.provider());
  }

  @AfterEach
  @Override
  void close() {
    super.close();
    assertEquals(List.of(), rocm == null ? List.of() : rocm.mistakes());
  }
}

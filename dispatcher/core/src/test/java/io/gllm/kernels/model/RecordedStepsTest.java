package io.gllm.kernels.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.TestDispatchers;
import io.gllm.kernels.api.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/** Where steps are not recorded, and what is said about it; recorded ones are tested on each backend, see {@link ModelConformance}. */
class RecordedStepsTest {
  private static final LlamaConfig CONFIG = new LlamaConfig(1, 32, 64, 2, 1, 16, 16, 100, 64, 1e-5f);

  private final List<String> warnings = new ArrayList<>();
  private final Handler listener = new Handler() {
    @Override
    public void publish(LogRecord line) {
      if (line.getLevel() == Level.WARNING) {
        warnings.add(line.getMessage());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  };

  private void notOpened(KernelDispatcher kernels) {
    Logger log = Logger.getLogger("io.gllm.kernels");
    log.addHandler(listener);
    try (kernels; OwnedBuffers memory = new OwnedBuffers(kernels)) {
      KvCache cache = new KvCache(kernels, memory, CONFIG, DType.F32, 64);
      assertNull(RecordedSteps.open(kernels, memory, cache, (position, slot, length) -> {
        throw new AssertionError("launched");
      }));
    } finally {
      log.removeHandler(listener);
    }
  }

  @Test
  void aBackendThatCapturesNothingGainsNothing() {
    notOpened(KernelDispatcher.builder().backend("cpu").create());
    assertEquals(List.of(), warnings);
  }

  @Test
  void aDeviceThatChangesIntegersWhenItMovesThemIsNamed() {
    notOpened(TestDispatchers.losingNumbers());
    assertEquals(List.of("tokens are not decoded by recordings: a lossy device changes small numbers when it moves them"), warnings);
  }
}

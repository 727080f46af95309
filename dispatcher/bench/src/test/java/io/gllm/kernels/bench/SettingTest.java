package io.gllm.kernels.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class SettingTest {
  @Test
  void everyCombinationIsMeasured() {
    assertEquals(
        List.of(new Setting("cpu", "native", null, 1), new Setting("cpu", "native", null, 2), new Setting("cpu", "scalar", null, 1),
            new Setting("cpu", "scalar", null, 2)),
        Setting.combinations(List.of("cpu"), List.of("native", "scalar"), List.of(), List.of(1, 2)));
  }

  @Test
  void tiersAndThreadsAreTheProcessorsAlone() {
    assertEquals(List.of(new Setting("vulkan", null, null, 0), new Setting("cpu", null, null, 1), new Setting("cpu", null, null, 2)),
        Setting.combinations(List.of("vulkan", "cpu"), List.of(), List.of(), List.of(1, 2)));
  }

  @Test
  void withoutWishesTheBestIsMeasured() {
    assertEquals(List.of(Setting.BEST), Setting.combinations(List.of(), List.of(), List.of(), List.of()));
  }

  @Test
  void labelsNameWhatWasAskedFor() {
    assertEquals("cpu 2t", new Setting(null, null, null, 2).label("cpu"));
    assertEquals("cpu native avx2 1t", new Setting("cpu", "native", "avx2", 1).label("cpu"));
    assertEquals("vulkan", new Setting(null, null, null, 2).label("vulkan"));
  }

  @Test
  void barsAreJudgedOnOneThread() {
    assertEquals(1, Setting.BEST.withThreads(true).threads());
    assertEquals(Runtime.getRuntime().availableProcessors(), Setting.BEST.withThreads(false).threads());
    assertEquals(3, new Setting(null, null, null, 3).withThreads(true).threads());
  }
}

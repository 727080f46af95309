package io.gllm.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.api.spi.PeakKind;
import io.gllm.kernels.api.spi.PeakProbe;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CpuPeakTest {
  private static final CpuBackendProvider PROVIDER = new CpuBackendProvider();

  private static Device open(String tier, String threads) {
    BackendConfig config = new BackendConfig(Map.of("cpu.tier", tier, "cpu.threads", threads));
    return PROVIDER.open(PROVIDER.probe(config).devices().getFirst(), config);
  }

  @Test
  void aJavaLoopSaysThatItIsOne() {
    try (Device device = open("scalar", "1"); PeakProbe probe = device.openPeak(PeakKind.READ, 1 << 16)) {
      assertEquals("Java loop", probe.name());
    }
  }

  @Test
  void memoryLoopsCountTheBytesTheyMoveAndGiveThemBack() {
    try (Device device = open("scalar", "2")) {
      PeakProbe read = device.openPeak(PeakKind.READ, 100_000);
      PeakProbe copy = device.openPeak(PeakKind.COPY, 100_000);
      assertEquals(98_304, read.work(), "whole pieces for each thread");
      assertEquals(2 * 98_304, copy.work(), "read and written");
      assertEquals(3 * 98_304, device.memoryInUse());
      read.close();
      copy.close();
      copy.close();
      assertEquals(0, device.memoryInUse());
    }
  }

  @Test
  void everyLoopOfTheBestTierRuns() {
    try (Device device = open("native", "2")) {
      for (PeakKind kind : PeakKind.values()) {
        try (PeakProbe probe = device.openPeak(kind, 1 << 16)) {
          if (probe != null) {
            probe.run();
            assertTrue(probe.work() > 0, kind.label());
          }
        }
      }
    }
  }

  @Test
  void aLimitThatNoTierReachesIsNotMadeUp() {
    try (Device device = open("scalar", "1")) {
      assertNull(device.openPeak(PeakKind.STREAM_COPY, 1 << 16));
      assertNull(device.openPeak(PeakKind.DOT_I8, 0));
    }
  }
}

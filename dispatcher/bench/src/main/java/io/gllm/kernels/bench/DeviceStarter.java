package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.PeakProbe;

/** One of our devices. */
final class DeviceStarter implements Starter {
  private final KernelDispatcher kernels;
  private final Contender contender;

  /** Opens the device and runs a first kernel. */
  DeviceStarter(Setting setting) {
    long start = System.nanoTime();
    this.kernels = setting.open();
    try {
      runFirstKernel();
      double seconds = (System.nanoTime() - start) / 1e9;
      var device = kernels.device();
      this.contender = new Contender(setting.label(device.backend()), false, device.backend(), device.name(), device.features(),
          orBest(setting.tier()), orBest(setting.isa()), setting.threads(), seconds);
    } catch (RuntimeException | Error e) {
      kernels.close();
      throw e;
    }
  }

  private void runFirstKernel() {
    try (Buffer x = kernels.upload(1f, 2f, 3f, 4f)) {
      kernels.vecScale(x, 2f, 4);
      kernels.sync();
    }
  }

  private static String orBest(String wanted) {
    return wanted == null ? "best" : wanted;
  }

  KernelDispatcher kernels() {
    return kernels;
  }

  @Override
  public Contender contender() {
    return contender;
  }

  @Override
  public boolean has(BenchCase benchCase) {
    return true;
  }

  @Override
  public String kernel(BenchCase benchCase) {
    if (benchCase.op() == null) {
      return benchCase.loop() == null ? "model" : "none";
    }
    return kernels.explain(benchCase.op()).get(benchCase.type()).stream().filter(Candidate::chosen).map(Candidate::kernel).findFirst()
        .orElse("none");
  }

  @Override
  public Entry enter(BenchCase benchCase) {
    if (benchCase.loop() != null) {
      return loop(benchCase);
    }
    Operands operands = new Operands(kernels);
    try {
      Runnable call = benchCase.setup().prepare(kernels, operands);
      return new Entry(kernel(benchCase), benchCase.work(), Entry::nothing, call, kernels::sync, Entry::nothing, operands::close);
    } catch (RuntimeException | Error e) {
      operands.close();
      throw e;
    }
  }

  private Entry loop(BenchCase benchCase) {
    PeakProbe probe = kernels.openPeak(benchCase.loop(), benchCase.roof().bytes());
    if (probe == null) {
      throw new BenchCase.CannotRun("this device and tier have no such loop");
    }
    return new Entry(probe.name(), Work.of(probe.work(), 0), Entry::nothing, probe::run, Entry::nothing, Entry::nothing, probe::close);
  }

  @Override
  public Limits limits(Roof roof, PeakLog log) {
    return new Limits(kernels, contender.label(), roof, log);
  }

  @Override
  public void close() {
    kernels.close();
  }
}

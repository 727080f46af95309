package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;

/** Prepares kernels that are tested before their first launch. */
record TestedLauncher(Launcher launcher) implements Launcher {
  @Override
  public Launch prepare(String symbol) {
    return launcher.prepare(symbol).testedOn(launcher);
  }

  @Override
  public long windowBytes() {
    return launcher.windowBytes();
  }

  @Override
  public Buffer scratch(int number, long bytes) {
    return launcher.scratch(number, bytes);
  }

  @Override
  public Buffer faults() {
    return launcher.faults();
  }

  @Override
  public void copy(Buffer from, Buffer to) {
    launcher.copy(from, to);
  }

  @Override
  public void sync() {
    launcher.sync();
  }

  @Override
  public SelfTest selfTest() {
    return launcher.selfTest();
  }
}

package io.gllm.kernels.metal;

import io.gllm.kernels.api.spi.BackendProvider;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The whole backend on a Mac that is a stand-in and executes the shipped bitcode on this machine, for tests of what lies above. */
public final class MetalStandIn {
  private final StandInMetal metal;
  private final MetalBackendProvider provider;

  /**
   * Skips the test where the bitcode cannot be executed.
   *
   * @param root an empty folder, which becomes the file system of that Mac
   */
  public MetalStandIn(Path root) {
    metal = new StandInMetal(MetalExecutor.open()::run);
    provider = StandInMac.install(metal, root);
  }

  /** The backend. */
  public BackendProvider provider() {
    return provider;
  }

  /** What Metal would not have survived, and what was left behind; for use after the device was closed. */
  public List<String> mistakes() {
    List<String> all = new ArrayList<>(metal.failures);
    all.addAll(metal.live());
    if (metal.openPools() != 0) {
      all.add(metal.openPools() + " pools are open");
    }
    return all;
  }
}

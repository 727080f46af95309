package io.gllm.kernels.cpu;

import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.cpu.vector.VectorTable;
import java.lang.module.ModuleFinder;

/**
 * Whether the vector tier can be used. On the module path the module of the Vector API is there, since the CPU module requires it; on the
 * class path only with a flag. Without it no class of the vector package may be loaded, so {@link VectorTable} is called only behind
 * the check. Vectors that are interpreted, or compiled by the first compiler alone, are objects: slower than the scalar tier by far.
 */
final class VectorTier {
  private static final String MODULE = "jdk.incubator.vector";
  private static final int SMALLEST_BITS = 128;

  private VectorTier() {}

  /** Why the tier cannot be used, or null if it can. */
  static Rejection rejection() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      boolean known = ModuleFinder.ofSystem().find(MODULE).isPresent();
      return known
          ? new Rejection("vector-module-not-enabled", "the module " + MODULE + " is present in the JDK, not enabled",
              "add --add-modules " + MODULE + " to the java command line")
          : new Rejection("no-vector-module", "this Java runtime has no module " + MODULE, "use a JDK, or add the module to the image");
    }
    String mode = System.getProperty("java.vm.info", "");
    if (mode.contains("interpreted") || mode.contains("emulated-client") || VectorTable.bits() < SMALLEST_BITS) {
      return new Rejection("vectors-not-compiled",
          "this Java virtual machine does not compile vectors to instructions (" + mode + ", " + VectorTable.bits() + " bits)",
          "use a 64-bit JVM with its optimising compiler");
    }
    return null;
  }
}

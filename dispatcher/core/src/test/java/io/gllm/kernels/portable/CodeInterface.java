package io.gllm.kernels.portable;

import io.gllm.kernels.api.portable.KernelInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What a compiled module itself says about a kernel, to be compared with what the manifest says.
 *
 * @param symbol its name; null where the format has none, as SPIR-V's "main"
 * @param threads threads of a group
 * @param shared bytes of shared memory
 * @param buffers number of buffers
 * @param parameterWords 32-bit words of parameters
 * @param faults what must not be in a module: spilled registers, capabilities that not every device has
 */
record CodeInterface(String symbol, int threads, int shared, int buffers, int parameterWords, Set<String> faults) {
  /** Arrays start at multiples of 16. There may be less than the text says: a compiler keeps a word in a register. */
  private static final int PADDING = 48;

  /** Everything in which the module differs from the manifest; empty if nothing. */
  List<String> differences(KernelInterface manifest) {
    List<String> differences = new ArrayList<>(faults);
    compare(differences, "symbol", symbol == null ? manifest.symbol() : symbol, manifest.symbol());
    compare(differences, "threads", threads, manifest.threads());
    if (shared > manifest.shared() + PADDING) {
      compare(differences, "shared bytes", shared, manifest.shared());
    }
    compare(differences, "buffers", buffers, manifest.buffers().size());
    compare(differences, "parameter words", parameterWords, manifest.parameters().size());
    return differences;
  }

  private static void compare(List<String> differences, String what, Object code, Object manifest) {
    if (!code.equals(manifest)) {
      differences.add(what + ": " + code + " in the code, " + manifest + " in the manifest");
    }
  }
}

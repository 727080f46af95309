package io.gllm.kernels.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;

/** A shared library of the system and its functions. It stays loaded: threads of its own may still run in it. */
final class ForeignLibrary {
  private final String name;
  private final SymbolLookup symbols;

  private ForeignLibrary(String name, SymbolLookup symbols) {
    this.name = name;
    this.symbols = symbols;
  }

  /**
   * The first of these files that the system's loader finds.
   *
   * @throws PeerMissing if there is none, or the JVM may not load any
   */
  static ForeignLibrary load(String name, List<String> files) throws PeerMissing {
    for (String file : files) {
      try {
        return new ForeignLibrary(name, SymbolLookup.libraryLookup(file, Arena.global()));
      } catch (IllegalArgumentException notThere) {
        continue;
      } catch (IllegalCallerException e) {
        throw new PeerMissing(name + " is not used: the JVM allows no native access (--enable-native-access)");
      }
    }
    throw new PeerMissing(name + " is not installed: no " + String.join(", ", files));
  }

  /**
   * A function, of this library or of one that it depends on.
   *
   * @throws PeerMissing if it has no such function
   */
  MethodHandle function(String symbol, FunctionDescriptor type) throws PeerMissing {
    return Linker.nativeLinker().downcallHandle(
        symbols.find(symbol).orElseThrow(() -> new PeerMissing(name + " is not used: it has no function " + symbol)), type);
  }

  /** What a call threw, which native code never does. */
  static IllegalStateException failed(String name, Throwable e) {
    return new IllegalStateException(name + " could not be called", e);
  }
}

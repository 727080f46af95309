package io.gllm.kernels.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.spi.BackendConfig;
import io.gllm.kernels.api.spi.BackendProvider;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Probe;
import io.gllm.kernels.api.spi.Rejection;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the probe of every backend with a native driver must answer, and what its own tests need: machines whose files lie in a
 * temporary folder, and drivers played by an object. Extend, and describe the driver.
 */
public abstract class ProbeConformance {
  /** Opens no library, and fails the test of a probe that tries to where there is no hope. */
  protected static final Function<Object, SymbolLookup> NEVER_LOADED = path -> {
    throw new AssertionError("a library was loaded without hope: " + path);
  };

  private final String backend;
  private final String library;
  private final MethodHandles.Lookup drivers;

  /** Open during one test; a played driver may allocate in it. */
  protected final Arena arena = Arena.ofShared();

  @TempDir
  private Path root;

  /**
   * For subclasses.
   *
   * @param backend name of the backend
   * @param library part of the name of the library that the probe loads first
   * @param drivers may see the methods of the objects that play drivers
   */
  protected ProbeConformance(String backend, String library, MethodHandles.Lookup drivers) {
    this.backend = backend;
    this.library = library;
    this.drivers = drivers;
  }

  /**
   * Looks at a machine with the probe under test.
   *
   * @param nativeAccess whether native code may be called
   * @param loader opens the library at a path, and throws IllegalArgumentException if that cannot be done
   */
  protected abstract Rejection look(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader);

  /** Creates the files that a machine with the driver has. */
  protected abstract Machine install() throws IOException;

  /** Looks at a machine with the driver, whose library is {@code symbols}. */
  protected final Rejection look(SymbolLookup symbols) throws IOException {
    return look(install(), true, path -> symbols);
  }

  /** The library of a driver that {@code driver} plays. */
  protected final StandInLibrary library(Object driver) {
    return new StandInLibrary(drivers, driver, arena);
  }

  /** A machine with the files created so far. */
  protected final Machine machine(String os, String arch) {
    return new Machine(os, arch, root, Map.of("SystemRoot", root.resolve("Windows").toString()));
  }

  /** Linux on x86-64 with the files created so far. */
  protected final Machine linux() {
    return machine("linux", "x86_64");
  }

  /** Creates a file, which no loader can load, and its folders; {@code file} is relative to the root of the machine. */
  protected final Path create(String file) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, "not a library");
  }

  @AfterEach
  void closeArena() {
    arena.close();
  }

  /** The driver is installed, but this process may not call native code. */
  @Test
  void withoutNativeAccessTheFlagIsNamed() throws IOException {
    Rejection rejection = look(install(), false, NEVER_LOADED);
    assertEquals("native-access-disabled", rejection.code());
    assertTrue(rejection.fix().contains("--enable-native-access=ALL-UNNAMED"), rejection.fix());
  }

  /** The driver is installed, but its library is broken. */
  @Test
  void aLibraryThatCannotBeLoadedIsRejected() throws IOException {
    Rejection rejection = look(install(), true, path -> SymbolLookup.libraryLookup(path + ".gone", arena));
    assertEquals("library-unusable", rejection.code());
    assertTrue(rejection.seen().contains(library), rejection.seen());
  }

  /** The service loader finds the provider, which names the devices of this machine, or says why there are none. */
  @Test
  void theProviderIsFoundAndAnswersOnThisMachine() {
    BackendProvider provider = InstalledBackends.named(backend);
    Probe probe = provider.probe(BackendConfig.DEFAULT);
    if (probe.rejection() == null) {
      assertTrue(probe.devices().stream().allMatch(device -> device.backend().equals(backend)), probe.toString());
      return;
    }
    assertFalse(probe.rejection().fix().isBlank());
    DeviceInfo wanted = new DeviceInfo(backend, 0, "any", false, -1, List.of(), List.of());
    BackendUnavailableException e = assertThrows(BackendUnavailableException.class, () -> provider.open(wanted, BackendConfig.DEFAULT));
    assertEquals(probe.rejection(), e.rejection());
  }
}

package io.gllm.kernels.metal;

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
import io.gllm.kernels.testkit.StandInLibrary;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetalProbeTest {
  private static final Function<String, SymbolLookup> NEVER_LOADED = path -> {
    throw new AssertionError("a library was loaded without hope: " + path);
  };

  @TempDir
  Path root;
  private final Arena arena = Arena.ofShared();

  @AfterEach
  void closeArena() {
    arena.close();
  }

  @Test
  void otherSystemsAreRejected() {
    Machine linux = new Machine("linux", "x86_64", root, Map.of());
    Rejection rejection = new MetalProbe(linux, () -> true, NEVER_LOADED).look();
    assertEquals("unsupported-system", rejection.code());
    assertTrue(rejection.seen().contains("linux-x86_64"));
  }

  @Test
  void withoutFrameworkNothingIsLoaded() {
    assertEquals("no-library", new MetalProbe(mac(), () -> true, NEVER_LOADED).look().code());
  }

  @Test
  void withoutNativeAccessTheFlagIsNamed() throws IOException {
    installFramework();
    Rejection rejection = new MetalProbe(mac(), () -> false, NEVER_LOADED).look();
    assertEquals("native-access-disabled", rejection.code());
    assertTrue(rejection.fix().contains("--enable-native-access=ALL-UNNAMED"), rejection.fix());
  }

  @Test
  void aLibraryThatCannotBeLoadedIsRejected() throws IOException {
    installFramework();
    Rejection rejection = new MetalProbe(mac(), () -> true, path -> SymbolLookup.libraryLookup(path + ".gone", arena)).look();
    assertEquals("library-unusable", rejection.code());
  }

  @Test
  void theThreeLibrariesOfMetalAreLoaded() throws IOException {
    installFramework();
    List<String> loaded = new ArrayList<>();
    StandInLibrary library = library(new Metal());
    new MetalProbe(mac(), () -> true, path -> {
      loaded.add(path.substring(path.lastIndexOf('/') + 1));
      return library;
    }).look();
    assertEquals(List.of("libobjc.A.dylib", "Metal", "CoreGraphics"), loaded);
  }

  @Test
  void aMissingFunctionIsNamed() throws IOException {
    Rejection rejection = look(library(new Metal()).without("MTLCreateSystemDefaultDevice"));
    assertEquals("missing-symbol", rejection.code());
    assertTrue(rejection.seen().contains("MTLCreateSystemDefaultDevice"));
  }

  @Test
  void noDefaultDeviceIsNoDevice() throws IOException {
    Metal metal = new Metal();
    metal.device = 0;
    assertEquals("no-device", look(library(metal)).code());
    assertEquals(0, metal.pools, "the pool was not closed");
  }

  @Test
  void theDeviceIsDescribedAndReleased() throws IOException {
    Metal metal = new Metal();
    Rejection rejection = look(library(metal));
    assertEquals("no-kernels", rejection.code());
    assertEquals("found Apple Test (families: Apple7, Metal3, 21.3 GiB), but this version carries no Metal kernels", rejection.seen());
    assertEquals(0, metal.pools, "the pool was not closed");
    assertEquals(0, metal.references, "the device was not released");
    metal.families = List.of();
    assertEquals("found Apple Test (families: older, 21.3 GiB), but this version carries no Metal kernels", look(library(metal)).seen());
  }

  @Test
  void theProviderIsFoundAndAnswersOnThisMachine() {
    BackendProvider provider = ServiceLoader.load(BackendProvider.class).findFirst().orElseThrow();
    assertEquals("metal", provider.name());
    Probe probe = provider.probe(BackendConfig.DEFAULT);
    assertTrue(probe.devices().isEmpty());
    assertFalse(probe.rejection().fix().isBlank());
    DeviceInfo wanted = new DeviceInfo("metal", 0, "any", false, -1, List.of(), List.of());
    BackendUnavailableException e = assertThrows(BackendUnavailableException.class, () -> provider.open(wanted, BackendConfig.DEFAULT));
    assertEquals(probe.rejection(), e.rejection());
  }

  private Rejection look(SymbolLookup library) throws IOException {
    installFramework();
    return new MetalProbe(mac(), () -> true, path -> library).look();
  }

  private StandInLibrary library(Metal metal) {
    return new StandInLibrary(MethodHandles.lookup(), metal, arena);
  }

  private void installFramework() throws IOException {
    Files.createDirectories(root.resolve("System/Library/Frameworks/Metal.framework"));
  }

  private Machine mac() {
    return new Machine("macos", "aarch64", root, Map.of());
  }

  /**
   * One device behind the functions of Metal and of the Objective-C runtime. One method serves every signature of objc_msgSend:
   * receiver, selector and argument arrive in the same registers, and all results leave in the same one.
   */
  private final class Metal {
    private static final long NAME = 80;
    private final Map<Long, String> selectors = new HashMap<>();
    long device = 70;
    List<Long> families = List.of(1007L, 5001L);
    int pools;
    int references;

    long objc_autoreleasePoolPush() {
      return ++pools;
    }

    void objc_autoreleasePoolPop(long pool) {
      pools -= pool == pools ? 1 : 0;
    }

    long MTLCreateSystemDefaultDevice() {
      references += device == 0 ? 0 : 1;
      return device;
    }

    long sel_registerName(MemorySegment name) {
      long selector = 1000 + selectors.size();
      selectors.put(selector, name.getString(0));
      return selector;
    }

    long objc_msgSend(long receiver, long selector, long argument) {
      return switch ((receiver == device ? "device " : receiver == NAME ? "name " : "other ") + selectors.get(selector)) {
        case "device name" -> NAME;
        case "name UTF8String" -> arena.allocateFrom("Apple Test").address();
        case "device supportsFamily:" -> families.contains(argument) ? 1 : 0;
        case "device recommendedMaxWorkingSetSize" -> 22_906_503_168L;
        case "device release" -> --references;
        default -> 0;
      };
    }
  }
}

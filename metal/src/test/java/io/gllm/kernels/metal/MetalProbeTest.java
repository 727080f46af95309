package io.gllm.kernels.metal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.testkit.ProbeConformance;
import io.gllm.kernels.testkit.StandInLibrary;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class MetalProbeTest extends ProbeConformance {
  MetalProbeTest() {
    super("metal", "libobjc.A.dylib", MethodHandles.lookup());
  }

  @Override
  protected Rejection look(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    return new MetalProbe(machine, () -> nativeAccess, loader::apply).look();
  }

  @Override
  protected Machine install() throws IOException {
    Files.createDirectories(mac().at("/System/Library/Frameworks/Metal.framework"));
    return mac();
  }

  @Test
  void otherSystemsAreRejected() {
    Rejection rejection = look(linux(), true, NEVER_LOADED);
    assertEquals("unsupported-system", rejection.code());
    assertTrue(rejection.seen().contains("linux-x86_64"));
  }

  @Test
  void withoutFrameworkNothingIsLoaded() {
    assertEquals("no-library", look(mac(), true, NEVER_LOADED).code());
  }

  @Test
  void theThreeLibrariesOfMetalAreLoaded() throws IOException {
    List<String> loaded = new ArrayList<>();
    StandInLibrary library = library(new Metal());
    new MetalProbe(install(), () -> true, path -> {
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

  private Machine mac() {
    return machine("macos", "aarch64");
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

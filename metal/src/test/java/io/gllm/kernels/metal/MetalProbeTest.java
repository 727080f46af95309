package io.gllm.kernels.metal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.BackendUnavailableException;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.DeviceInfo;
import io.gllm.kernels.api.spi.Machine;
import io.gllm.kernels.api.spi.Rejection;
import io.gllm.kernels.testkit.ProbeConformance;
import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetalProbeTest extends ProbeConformance {
  private final StandInMetal metal = new StandInMetal((symbol, buffers, parameters, gx, gy, gz, threads) -> {
    throw new AssertionError("a probe launched " + symbol);
  });

  MetalProbeTest() {
    super("metal", "libobjc.A.dylib", MethodHandles.lookup());
  }

  @Override
  protected Rejection look(Machine machine, boolean nativeAccess, Function<Object, SymbolLookup> loader) {
    MetalProbe probe = new MetalProbe(machine, () -> nativeAccess, loader::apply, MetalBlobs::onClassPath);
    return assertThrows(BackendUnavailableException.class, probe::look).rejection();
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
  void theLibrariesOfMetalAreLoaded() throws IOException {
    List<String> loaded = new ArrayList<>();
    MetalProbe probe = new MetalProbe(install(), () -> true, path -> {
      loaded.add(path.substring(path.lastIndexOf('/') + 1));
      return metal.without("objc_msgSend");
    }, MetalBlobs::onClassPath);
    assertThrows(BackendUnavailableException.class, probe::look);
    assertEquals(List.of("libobjc.A.dylib", "Metal", "libSystem.B.dylib", "CoreGraphics"), loaded);
  }

  @Test
  void aMissingFunctionIsNamed() throws IOException {
    Rejection rejection = look(metal.without("MTLCreateSystemDefaultDevice"));
    assertEquals("missing-symbol", rejection.code());
    assertTrue(rejection.seen().contains("MTLCreateSystemDefaultDevice"));
  }

  @Test
  void noDefaultDeviceIsNoDevice() throws IOException {
    metal.refused.add("MTLCreateSystemDefaultDevice");
    assertEquals("no-device", look(metal).code());
  }

  @Test
  void aGpuOfAnOlderFamilyIsRejectedByName() throws IOException {
    metal.families.remove(1007L);
    Rejection rejection = look(metal);
    assertEquals("no-device", rejection.code());
    assertEquals("found Apple Test, which is not of the family Apple7 (M1 or later)", rejection.seen());
  }

  @Test
  void withoutKernelsTheDeviceIsNamed() throws IOException {
    MetalProbe probe = new MetalProbe(install(), () -> true, path -> metal, () -> {
      throw new KernelException("none here");
    });
    Rejection rejection = assertThrows(BackendUnavailableException.class, probe::look).rejection();
    assertEquals("no-kernels", rejection.code());
    assertEquals("found Apple Test, but there are no Metal kernels: none here", rejection.seen());
  }

  @Test
  void theDeviceIsDescribedAndReleased() throws IOException {
    DeviceInfo info = new MetalProbe(install(), () -> true, path -> metal, MetalBlobs::onClassPath).look().info();
    assertEquals("Apple Test", info.name());
    assertEquals(List.of("Apple7", "Metal3"), info.features());
    assertEquals(22_906_503_168L, info.memory());
    assertTrue(info.notes().getFirst().endsWith("not yet run on hardware"));
  }

  @AfterEach
  void nothingIsLeft() {
    assertEquals(List.of(), metal.failures);
    assertEquals(List.of(), metal.live());
    assertEquals(0, metal.openPools());
  }

  private Machine mac() {
    return machine("macos", "aarch64");
  }
}

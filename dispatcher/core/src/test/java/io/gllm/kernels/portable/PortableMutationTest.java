package io.gllm.kernels.portable;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.KernelDispatcher;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.Case;
import io.gllm.kernels.testkit.Conformance;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mistakes planted in the text of the portable kernels: the suite on the checked host build notices each of them. */
class PortableMutationTest {
  private static final Map<Mutant, HostLibrary.Planted> LIBRARIES = new HashMap<>();

  /**
   * A planted mistake.
   *
   * @param op the operator whose cases must notice it, in f32
   * @param kernels the kernels that the operator launches
   * @param file the file under gk or portable
   * @param text what is replaced, found once
   * @param mistake what stands there instead
   */
  record Mutant(String op, String kernels, String file, String text, String mistake) {
    @Override
    public String toString() {
      return op + ": " + text + " -> " + mistake;
    }
  }

  static Stream<Mutant> mutants() {
    return PortableMutants.all().stream();
  }

  @Test
  void thereAreAtLeastTwenty() {
    assertTrue(mutants().count() >= 20);
  }

  @BeforeAll
  static void build() throws IOException {
    for (Mutant mutant : PortableMutants.all()) {
      Path sources = HostLibrary.link("mutant" + LIBRARIES.size());
      HostLibrary.plant(sources.resolve(mutant.file()), mutant.text(), mutant.mistake());
      LIBRARIES.put(mutant, new HostLibrary.Planted(sources, mutant.kernels()));
    }
    HostLibrary.build(List.copyOf(LIBRARIES.values()));
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void isNoticed(Mutant mutant) {
    assertTrue(notices(LIBRARIES.get(mutant).open(), mutant.op()), "nothing noticed");
  }

  /** Whether a case fails, or gives other bits than the scalar tier, in one of two orders of threads. */
  private static boolean notices(HostLibrary library, String op) {
    List<Case> cases = Conformance.cases().stream().filter(c -> c.op().name().equals(op) && c.type() == DType.F32)
        .filter(c -> c.modes().contains(Numerics.REPRODUCIBLE)).toList();
    assertTrue(!cases.isEmpty(), op);
    try (Device scalar = KernelDispatcher.builder().backend("cpu").option("cpu.tier", "scalar").openDevice();
        Device forwards = new HostDevice(library, 0, 128 << 20);
        Device backwards = new HostDevice(library, 1, HostDevice.SMALL_WINDOW);
        Harness harness = new Harness(List.of(scalar, forwards, backwards), Numerics.REPRODUCIBLE)) {
      return cases.stream().anyMatch(c -> harness.run(c).status() == Result.Status.FAILED);
    }
  }
}

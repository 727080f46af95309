package io.gllm.kernels.testkit;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Dequant;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.Ops;
import io.gllm.kernels.api.spi.Candidate;
import io.gllm.kernels.api.spi.Device;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The conformance tests of a backend or tier: extend, and open the device. While a kernel is being written, the system property
 * {@code gllm.conformance.ops} restricts them to the operators it names, separated by commas.
 *
 * {@snippet lang="java" :
 * class MyConformanceTest extends BackendConformance {
 *   @Override
 *   protected Device open() {
 *     return new MyProvider().open(...);
 *   }
 * }
 * }
 */
public abstract class BackendConformance {
  private static final Set<QuantFormat> EVERYDAY = EnumSet.of(QuantFormat.Q4_0, QuantFormat.Q8_0, QuantFormat.Q4_K, QuantFormat.Q6_K);

  /** For subclasses. */
  protected BackendConformance() {}

  /** Opens the device under test; called once for each run through the cases. */
  protected abstract Device open();

  /** Closes a device after a run through the cases. */
  protected void close(Device device) {
    device.close();
  }

  /**
   * Opens the same device in other forms that must give the same bits in every mode, such as other numbers of threads; none by
   * default.
   */
  protected List<Device> openVariants() {
    return List.of();
  }

  /** The modes to test; what another test shows of the same device need not be shown again. */
  protected Set<Numerics> modes() {
    return EnumSet.allOf(Numerics.class);
  }

  /** Opens the device whose reproducible results define the bits, or null if the device under test does. */
  protected Device openReference() {
    return null;
  }

  /**
   * Whether the two modes may choose different kernels. A device that has reproducible kernels alone runs each case once, in the
   * reproducible mode, and must show that it chooses the same kernels in the fast one.
   */
  protected boolean modesDiffer() {
    return true;
  }

  /**
   * Whether the device runs its kernels in an interpreter or with checks, a hundred times slower than a device does. Of the rarer block
   * formats it then runs dequant alone, in the fast mode only what has other kernels there than in the reproducible one, and every call
   * once, since it reports reads of what was not written by itself, unless the system property {@code gllm.conformance.all} is set.
   */
  protected boolean isSlow() {
    return false;
  }

  private boolean isThorough() {
    return !isSlow() || Boolean.getBoolean("gllm.conformance.all");
  }

  /** Whether a case is run in the fast mode too: a slow device may leave out those whose calls take the same kernels in both modes. */
  protected boolean runsFast(Case test) {
    return true;
  }

  /** Why a case is left out, or null. */
  private String leftOut(Case test, Harness harness) {
    boolean rare = test.type() instanceof QuantFormat format && !EVERYDAY.contains(format) && test.op() != Dequant.OP;
    boolean again = harness.numerics() == Numerics.FAST && test.modes().contains(Numerics.REPRODUCIBLE)
        && chosen(harness.device(), test.op(), test.type(), Numerics.FAST)
            .equals(chosen(harness.device(), test.op(), test.type(), Numerics.REPRODUCIBLE));
    return !isThorough() && (rare || again) ? "runs with -Dgllm.conformance.all=true" : null;
  }

  /** One test for each operator, type and case in the fast mode, and one for completeness. */
  @TestFactory
  Stream<DynamicTest> fast() {
    return modesDiffer()
        ? tests(Numerics.FAST, this::runsFast)
        : tests(Numerics.FAST, test -> !test.modes().contains(Numerics.REPRODUCIBLE));
  }

  private static void modesAgree(Device device) {
    for (Op<?> op : Ops.all()) {
      for (ElementType type : op.types()) {
        Assertions.assertEquals(chosen(device, op, type, Numerics.REPRODUCIBLE), chosen(device, op, type, Numerics.FAST),
            () -> op + " " + type.label());
      }
    }
  }

  private static List<String> chosen(Device device, Op<?> op, ElementType type, Numerics numerics) {
    return device.explain(op, type, numerics).stream().filter(Candidate::chosen).map(Candidate::kernel).toList();
  }

  /** One test for each operator, type and case in the reproducible mode, and one for completeness. */
  @TestFactory
  Stream<DynamicTest> reproducible() {
    return tests(Numerics.REPRODUCIBLE, test -> true);
  }

  private Stream<DynamicTest> tests(Numerics numerics, Predicate<Case> which) {
    if (!modes().contains(numerics)) {
      return Stream.empty();
    }
    List<Device> devices = new ArrayList<>(List.of(open()));
    devices.addAll(openVariants());
    Device reference = numerics == Numerics.REPRODUCIBLE ? openReference() : null;
    if (reference != null) {
      devices.add(reference);
    }
    Harness harness = isThorough() ? new Harness(devices, numerics) : Harness.once(devices, numerics);
    String only = System.getProperty("gllm.conformance.ops");
    List<String> ops = only == null ? List.of() : List.of(only.split(","));
    Stream<DynamicTest> cases = Conformance.cases().stream().filter(test -> test.modes().contains(numerics)).filter(which)
        .filter(test -> only == null || ops.contains(test.op().name()))
        .map(test -> DynamicTest.dynamicTest(test.title(), () -> check(test, harness)));
    return Stream.concat(only == null ? whole(devices, numerics) : Stream.empty(), cases).onClose(() -> {
      harness.close();
      devices.forEach(this::close);
    });
  }

  /** What is to be said of the devices as a whole. */
  private Stream<DynamicTest> whole(List<Device> devices, Numerics numerics) {
    DynamicTest complete = DynamicTest.dynamicTest("completeness", () -> {
      for (Device device : devices) {
        Assertions.assertEquals(List.of(), Conformance.holes(device, numerics), () -> device.info().toString());
      }
    });
    DynamicTest agreement = DynamicTest.dynamicTest("both modes choose the same kernels", () -> modesAgree(devices.getFirst()));
    return modesDiffer() ? Stream.of(complete) : Stream.of(complete, agreement);
  }

  private void check(Case test, Harness harness) {
    String leftOut = leftOut(test, harness);
    Assumptions.assumeTrue(leftOut == null, leftOut);
    Result result = harness.run(test);
    Assumptions.assumeTrue(result.status() != Result.Status.SKIPPED, result.detail());
    Assertions.assertEquals(Result.Status.PASSED, result.status(), result.detail());
  }
}

package io.gllm.kernels.testkit;

import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.op.Op;
import io.gllm.kernels.api.op.Ops;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.testkit.cases.AllCases;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** The engine: which cases there are, and how to run them on a device. */
public final class Conformance {
  private Conformance() {}

  /** Every case, in the order of the documentation. */
  public static List<Case> cases() {
    Suite suite = new Suite();
    AllCases.addTo(suite);
    return suite.cases();
  }

  /**
   * Runs the cases that {@code filter} accepts and {@code numerics} promises.
   *
   * @param listener told about each result as it comes
   */
  public static Report run(Device device, Numerics numerics, Predicate<Case> filter, Consumer<Result> listener) {
    List<Result> results = new ArrayList<>();
    try (Harness harness = new Harness(device, numerics)) {
      for (Case test : cases()) {
        if (test.modes().contains(numerics) && filter.test(test)) {
          Result result = harness.run(test);
          results.add(result);
          listener.accept(result);
        }
      }
    }
    return new Report(results);
  }

  /** The operators and types for which there is no case, or for which the device has no kernel; empty if complete. */
  public static List<String> holes(Device device, Numerics numerics) {
    List<Case> cases = cases();
    List<String> holes = new ArrayList<>();
    try (Harness harness = new Harness(device, numerics)) {
      for (Op<?> op : Ops.all()) {
        for (ElementType type : op.types()) {
          if (cases.stream().noneMatch(c -> c.op() == op && c.type() == type)) {
            holes.add("no case for " + op + " " + type.label());
          }
          try {
            harness.kernel(op, type);
          } catch (RuntimeException e) {
            holes.add("no kernel for " + op + " " + type.label() + ": " + e.getMessage());
          }
        }
      }
    }
    return holes;
  }
}

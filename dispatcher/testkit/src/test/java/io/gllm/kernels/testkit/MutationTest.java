package io.gllm.kernels.testkit;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.testkit.reference.Mutant;
import io.gllm.kernels.testkit.reference.Mutants;
import io.gllm.kernels.testkit.reference.ReferenceDevice;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Bugs that earlier implementations had are put into kernels, one at a time; the kit must notice each. */
class MutationTest {
  @TestFactory
  Stream<DynamicTest> everyBugIsFound() {
    return Mutants.all().stream().map(mutant -> DynamicTest.dynamicTest(mutant.toString(), () -> found(mutant)));
  }

  private static void found(Mutant<?> mutant) {
    Report report = Conformance.run(new ReferenceDevice(mutant), mutant.numerics(),
        test -> test.op() == mutant.op() && test.type() == mutant.type(), result -> {});
    List<Result> failures = report.failures();
    assertFalse(failures.isEmpty(), "not one of " + report.results().size() + " cases noticed");
    assertTrue(failures.stream().anyMatch(f -> !f.detail().contains("Exception:")), () -> "only crashes: " + failures.getFirst());
  }

  @Test
  void thereAreAtLeastTwentyBugs() {
    assertTrue(Mutants.all().size() >= 20);
  }
}

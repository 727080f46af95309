package io.gllm.kernels.portable;

import io.gllm.kernels.portable.PortableMutationTest.Mutant;
import java.util.List;

/** The planted mistakes. */
final class PortableMutants {
  private PortableMutants() {}

  static List<Mutant> all() {
    return List.of(
        new Mutant("silu", "silu_f32", "portable/unary.gk", "} else if (i < p.n) {", "} else if (i <= p.n) {"),
        new Mutant("silu", "silu_f32", "portable/unary.gk", "if (i + PER_WORD <= p.n) {", "if (i + PER_WORD < p.n) {"),
        new Mutant("tanh", "tanh_f32", "portable/activations.inc", "return x < 0.0f ? -t : t;", "return t;"));
  }
}

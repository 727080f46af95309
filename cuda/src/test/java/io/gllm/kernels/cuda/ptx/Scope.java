package io.gllm.kernels.cuda.ptx;

import java.util.HashMap;
import java.util.Map;

/** The names of a pair of braces, and through it those of the braces around it. */
final class Scope {
  /** What a name stands for. */
  sealed interface Meaning {}

  record Register(int id) implements Meaning {}

  record Label(int pc) implements Meaning {}

  /** A variable or parameter at {@code address} of its space. */
  record Variable(String space, long address, long bytes) implements Meaning {}

  final Scope outer;
  private final Map<String, Meaning> names = new HashMap<>();

  Scope(Scope outer) {
    this.outer = outer;
  }

  /** Whether the name was free in these braces. */
  boolean define(String name, Meaning meaning) {
    return names.putIfAbsent(name, meaning) == null;
  }

  /** What the name stands for, null where nothing. */
  Meaning find(String name) {
    for (Scope s = this; s != null; s = s.outer) {
      Meaning meaning = s.names.get(name);
      if (meaning != null) {
        return meaning;
      }
    }
    return null;
  }
}

package io.gllm.kernels.cuda.ptx;

import java.util.TreeMap;

/** Where the shared variables of an entry lie. */
final class SharedLayout {
  final TreeMap<Long, String> names = new TreeMap<>();
  int bytes;
  boolean dynamic;

  /** Places a variable; one without a size is the dynamic part behind all others. */
  Scope.Variable place(String name, int alignment, long size) {
    bytes = (bytes + alignment - 1) / alignment * alignment;
    Scope.Variable v = new Scope.Variable("shared", bytes, size);
    names.put((long) bytes, name);
    bytes += (int) size;
    return v;
  }
}

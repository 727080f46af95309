package io.gllm.kernels.cuda.ptx;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The registers of an entry by index. Immediates and special registers are registers too, so that an operand is always an index.
 */
final class Registers {
  private record Register(String name, int width, Long constant, int[] words, long[] longs) {}

  private final List<Register> all = new ArrayList<>();
  private final Map<String, Integer> constants = new HashMap<>();
  private final Map<String, Integer> specials = new HashMap<>();

  int add(String name, int width) {
    all.add(new Register(name, width, null, null, null));
    return all.size() - 1;
  }

  /** The register that holds {@code value} in all lanes. */
  int constant(long value, int width) {
    return constants.computeIfAbsent(width + ":" + value, key -> {
      int[] words = new int[Warp.LANES];
      long[] longs = new long[Warp.LANES];
      Arrays.fill(words, width == 16 ? (int) value & 0xffff : (int) value);
      Arrays.fill(longs, value);
      all.add(new Register(Long.toString(value), width, value, words, longs));
      return all.size() - 1;
    });
  }

  /** The register that a group fills when it starts. */
  int special(String name, int width) {
    return specials.computeIfAbsent(name, key -> add(key, width));
  }

  Map<String, Integer> specials() {
    return specials;
  }

  int count() {
    return all.size();
  }

  String name(int id) {
    return all.get(id).name;
  }

  int width(int id) {
    return all.get(id).width;
  }

  boolean constant(int id) {
    return all.get(id).constant != null;
  }

  int[] words(int id) {
    return all.get(id).words;
  }

  long[] longs(int id) {
    return all.get(id).longs;
  }

  int predicate(int id) {
    return all.get(id).constant != 0 ? Warp.ALL : 0;
  }
}

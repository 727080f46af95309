package io.gllm.kernels.rocm.gcn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The constants in a kernel's instructions, which lie behind the registers of each wave. */
final class Constants {
  private final Map<Long, Integer> rows = new LinkedHashMap<>();
  private final List<Long> values = new ArrayList<>();

  /** The number of a constant; as a 32-bit operand it is its lower half. */
  int index(long value) {
    return rows.computeIfAbsent(value, v -> {
      values.add(v);
      return values.size() - 1;
    });
  }

  int count() {
    return values.size();
  }

  int word(int index) {
    return (int) (long) values.get(index);
  }

  /** As scalar operands of one or two words. */
  int[] scalars() {
    int[] words = new int[2 * values.size()];
    for (int i = 0; i < values.size(); i++) {
      words[2 * i] = word(i);
      words[2 * i + 1] = (int) (values.get(i) >> 32);
    }
    return words;
  }

  /** The name of a register, for messages. */
  static String name(int register) {
    return register >= Wave.VECTORS
        ? "v" + (register - Wave.VECTORS)
        : switch (register) {
          case Wave.VCC -> "vcc_lo";
          case Wave.VCC + 1 -> "vcc_hi";
          case Wave.M0 -> "m0";
          case Wave.EXEC -> "exec_lo";
          case Wave.EXEC + 1 -> "exec_hi";
          default -> register >= Wave.TRAPS ? "ttmp" + (register - Wave.TRAPS) : "s" + register;
        };
  }
}

package io.gllm.kernels.portable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Reads the interface of a compute shader out of SPIR-V (Khronos, SPIR-V Specification 1.5, sections 2 and 3). */
final class SpirvModule {
  private static final int MAGIC = 0x07230203;
  private static final int VERSION_1_5 = 0x00010500;
  private static final int OP_EXTENSION = 10;
  private static final int OP_EXT_INST_IMPORT = 11;
  private static final int OP_EXT_INST = 12;
  private static final int OP_ENTRY_POINT = 15;
  private static final int OP_EXECUTION_MODE = 16;
  private static final int OP_CAPABILITY = 17;
  private static final int OP_TYPE_ARRAY = 28;
  private static final int OP_TYPE_STRUCT = 30;
  private static final int OP_TYPE_POINTER = 32;
  private static final int OP_CONSTANT = 43;
  private static final int OP_VARIABLE = 59;
  private static final int OP_DECORATE = 71;
  private static final int OP_MEMBER_DECORATE = 72;
  private static final Set<Integer> FLOAT_OPS = Set.of(127, 129, 131, 133);
  private static final int LOCAL_SIZE = 17;
  private static final int CAPABILITY_SHADER = 1;
  private static final int GLSL_FMA = 50;
  private static final int BINDING = 33;
  private static final int DESCRIPTOR_SET = 34;
  private static final int OFFSET = 35;
  private static final int NO_CONTRACTION = 42;
  private static final int WORKGROUP = 4;
  private static final int PUSH_CONSTANT = 9;
  private static final int STORAGE_BUFFER = 12;
  private static final int OFFSETS = 8;

  private final Map<Integer, int[]> definitions = new HashMap<>();
  private final Map<Integer, Integer> bindings = new HashMap<>();
  private final Set<Integer> exact = new TreeSet<>();
  private final Set<Integer> floatResults = new TreeSet<>();
  private final Set<String> faults = new TreeSet<>();
  private int pushBytes;
  private int threads = -1;
  private int shared;
  private int buffers;

  private SpirvModule() {}

  static CodeInterface read(byte[] module) {
    return new SpirvModule().parse(ByteBuffer.wrap(module).order(ByteOrder.LITTLE_ENDIAN));
  }

  private CodeInterface parse(ByteBuffer words) {
    if (words.remaining() < 20 || words.getInt(0) != MAGIC || words.getInt(4) != VERSION_1_5) {
      return new CodeInterface(null, 0, 0, 0, 0, Set.of("no SPIR-V 1.5"));
    }
    int at = 5;
    while (at < words.limit() / 4) {
      int head = words.getInt(at * 4);
      int count = head >>> 16;
      if (count == 0 || at + count > words.limit() / 4) {
        faults.add("broken instruction at word " + at);
        break;
      }
      int[] operands = new int[count - 1];
      for (int i = 0; i < operands.length; i++) {
        operands[i] = words.getInt((at + 1 + i) * 4);
      }
      instruction(head & 0xffff, operands);
      at += count;
    }
    floatResults.removeAll(exact);
    if (!floatResults.isEmpty()) {
      faults.add("float operations that a driver may contract: " + floatResults);
    }
    for (int i = 0; i < buffers; i++) {
      if (!bindings.containsValue(i)) {
        faults.add("no buffer at binding " + i);
      }
    }
    return new CodeInterface(null, threads, shared, buffers, pushBytes / 4 - OFFSETS, faults);
  }

  private void instruction(int op, int[] w) {
    switch (op) {
      case OP_CAPABILITY -> require(w[0] == CAPABILITY_SHADER, "capability " + w[0]);
      case OP_EXTENSION -> faults.add("an extension");
      case OP_EXT_INST_IMPORT -> definitions.put(w[0], w);
      case OP_EXT_INST -> require(w[3] != GLSL_FMA, "a fused multiply-add");
      case OP_ENTRY_POINT -> require(w[0] == 5 && w[2] == 0x6e69616d, "entry point is no compute shader called main");
      case OP_EXECUTION_MODE -> {
        if (w[1] == LOCAL_SIZE) {
          threads = w[2] * w[3] * w[4];
        }
      }
      case OP_TYPE_ARRAY, OP_TYPE_STRUCT, OP_TYPE_POINTER -> definitions.put(w[0], w);
      case OP_CONSTANT -> definitions.put(w[1], w);
      case OP_VARIABLE -> variable(w);
      case OP_DECORATE -> decoration(w);
      case OP_MEMBER_DECORATE -> {
        if (w[2] == OFFSET) {
          pushBytes = Math.max(pushBytes, w[3] + 4); // of buffers' blocks 4, below that of the parameters
        }
      }
      default -> {
        if (FLOAT_OPS.contains(op)) {
          floatResults.add(w[1]);
        }
      }
    }
  }

  private void decoration(int[] w) {
    switch (w[1]) {
      case BINDING -> bindings.put(w[0], w[2]);
      case DESCRIPTOR_SET -> require(w[2] == 0, "descriptor set " + w[2]);
      case NO_CONTRACTION -> exact.add(w[0]);
      default -> {
      }
    }
  }

  private void variable(int[] w) {
    int[] pointer = definitions.get(w[0]);
    switch (w[2]) {
      case STORAGE_BUFFER -> buffers++;
      case WORKGROUP -> shared += 4 * definitions.get(definitions.get(pointer[2])[2])[2];
      case PUSH_CONSTANT -> {
        int members = definitions.get(pointer[2]).length - 1;
        pushBytes = Math.max(pushBytes, 4 * (members - 1 + OFFSETS));
      }
      default -> {
      }
    }
  }

  private void require(boolean holds, String fault) {
    if (!holds) {
      faults.add(fault);
    }
  }
}

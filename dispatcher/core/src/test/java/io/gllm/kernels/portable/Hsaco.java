package io.gllm.kernels.portable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads the interfaces of the kernels in an AMD code object (version 5): an ELF file whose note describes them in MessagePack, and whose
 * symbols NAME.kd are the descriptors that the hardware follows. Layout and numbers are those of LLVM's AMDGPUUsage.
 */
final class Hsaco {
  private static final int SECTION_BYTES = 64;
  private static final int SYMBOL_BYTES = 24;
  private static final int DYNAMIC_SYMBOLS = 11;
  private static final int RELOCATIONS_WITH_ADDENDS = 4;
  private static final int RELOCATIONS = 9;
  private static final int NOTES = 7;
  private static final int METADATA = 32;
  /** What every chip lets a group have. */
  private static final int LDS_BYTES = 65536;
  /** Round to nearest, keep subnormal numbers, for 32 and for 16 and 64 bits. */
  private static final int FLOAT_MODE = 0xf0;
  /** Older chips always get the address of the scratch memory, also where it has no bytes. */
  private static final int SCRATCH_BUFFER = 1;
  private static final int ARGUMENTS_POINTER = 1 << 3;
  private static final int WAVE_32 = 1 << 10;

  /**
   * A symbol.
   *
   * @param address where it is loaded, from the start of the module
   * @param place where it is in the file
   */
  record Symbol(long address, int place) {}

  private final ByteBuffer file;
  private final int lanes;

  private Hsaco(byte[] bytes, int lanes) {
    this.file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    this.lanes = lanes;
  }

  /** How a module says which chip it is for. */
  static int flags(byte[] module) {
    return ByteBuffer.wrap(module).order(ByteOrder.LITTLE_ENDIAN).getInt(48);
  }

  /**
   * Reads a code object; the interfaces have their names as keys.
   *
   * @param chip what it must be for, such as gfx90a
   * @param flags how it says that
   */
  static Map<String, CodeInterface> read(byte[] module, String chip, int flags) {
    if (module.length < 64 || ByteBuffer.wrap(module).getInt() != 0x7f454c46 || module[18] != (byte) 224 || module[7] != 64) {
      throw new IllegalArgumentException("no code object");
    }
    if (module[8] != 3) {
      throw new IllegalArgumentException("code object version " + (module[8] + 2));
    }
    if (flags(module) != flags) {
      throw new IllegalArgumentException("for machine 0x" + Integer.toHexString(flags(module)));
    }
    try {
      return new Hsaco(module, chip.startsWith("gfx9") ? 64 : 32).kernels(chip);
    } catch (IndexOutOfBoundsException | ClassCastException | NullPointerException e) {
      throw new IllegalArgumentException("broken: " + e.getMessage(), e);
    }
  }

  private Map<String, CodeInterface> kernels(String chip) {
    if (section(RELOCATIONS) >= 0 || section(RELOCATIONS_WITH_ADDENDS) >= 0) {
      throw new IllegalArgumentException("relocations");
    }
    Map<?, ?> metadata = metadata();
    String target = (String) metadata.get("amdhsa.target");
    if (!target.equals("amdgcn-amd-amdhsa--" + chip)) {
      throw new IllegalArgumentException("for " + target);
    }
    Map<String, Symbol> symbols = symbols();
    Map<String, CodeInterface> found = new LinkedHashMap<>();
    for (Object each : (List<?>) metadata.get("amdhsa.kernels")) {
      Map<?, ?> kernel = (Map<?, ?>) each;
      String name = (String) kernel.get(".name");
      Set<String> faults = new TreeSet<>();
      CodeInterface code = kernel(name, kernel, faults);
      descriptor(faults, symbols.get((String) kernel.get(".symbol")), symbols.get(name), code);
      found.put(name, code);
    }
    return found;
  }

  private Map<?, ?> metadata() {
    int note = (int) file.getLong(section(NOTES) + 24);
    if (file.getInt(note + 8) != METADATA) {
      throw new IllegalArgumentException("no metadata");
    }
    int description = note + 12 + (file.getInt(note) + 3 & -4);
    return (Map<?, ?>) new MessagePack(file.slice(description, file.getInt(note + 4))).value();
  }

  private CodeInterface kernel(String name, Map<?, ?> kernel, Set<String> faults) {
    int buffers = 0;
    int words = 0;
    for (Object each : (List<?>) kernel.get(".args")) {
      Map<?, ?> argument = (Map<?, ?>) each;
      String kind = (String) argument.get(".value_kind");
      require(faults, "offset of argument", number(argument, ".offset"), buffers * 8);
      if (kind.equals("global_buffer") && words == 0) {
        buffers++;
      } else if (kind.equals("by_value") && words == 0) {
        words = number(argument, ".size") / 4;
      } else {
        faults.add("argument " + kind);
      }
    }
    int shared = number(kernel, ".group_segment_fixed_size");
    require(faults, "argument bytes", number(kernel, ".kernarg_segment_size"), buffers * 8 + words * 4);
    require(faults, "spilled scalars", number(kernel, ".sgpr_spill_count"), 0);
    require(faults, "spilled vectors", number(kernel, ".vgpr_spill_count"), 0);
    require(faults, "private bytes", number(kernel, ".private_segment_fixed_size"), 0);
    require(faults, "lanes", number(kernel, ".wavefront_size"), lanes);
    if (shared > LDS_BYTES) {
      faults.add("shared bytes " + shared);
    }
    return new CodeInterface(name, number(kernel, ".max_flat_workgroup_size"), shared, buffers, words, faults);
  }

  /** The descriptor says the same, and asks for nothing in its registers but the address of the arguments. */
  private void descriptor(Set<String> faults, Symbol descriptor, Symbol text, CodeInterface code) {
    int at = descriptor.place();
    require(faults, "shared bytes of the descriptor", file.getInt(at), code.shared());
    require(faults, "private bytes of the descriptor", file.getInt(at + 4), 0);
    require(faults, "argument bytes of the descriptor", file.getInt(at + 8), code.buffers() * 8 + code.parameterWords() * 4);
    require(faults, "start of the code", (int) (descriptor.address() + file.getLong(at + 16)), (int) text.address());
    require(faults, "float mode", file.getInt(at + 48) >> 12 & 0xff, FLOAT_MODE);
    require(faults, "scratch of the descriptor", file.getInt(at + 52) & 1, 0);
    require(faults, "registers set at the start", file.getShort(at + 56) & ~SCRATCH_BUFFER,
        ARGUMENTS_POINTER | (lanes == 32 ? WAVE_32 : 0));
    require(faults, "preloaded arguments", file.getShort(at + 58), 0);
  }

  private static void require(Set<String> faults, String what, int is, int wanted) {
    if (is != wanted) {
      faults.add(what + ": " + is + " instead of " + wanted);
    }
  }

  private static int number(Map<?, ?> map, String key) {
    return ((Long) map.get(key)).intValue();
  }

  /** Where the first section of a type is described, or -1. */
  private int section(int type) {
    for (int i = 0; i < file.getShort(60); i++) {
      if (file.getInt(section(i, 4)) == type) {
        return section(i, 0);
      }
    }
    return -1;
  }

  private int section(int index, int field) {
    return (int) file.getLong(40) + index * SECTION_BYTES + field;
  }

  /** The exported symbols; one that is not here must come from somewhere else, and there is nothing else. */
  private Map<String, Symbol> symbols() {
    Map<String, Symbol> found = new LinkedHashMap<>();
    int table = section(DYNAMIC_SYMBOLS);
    int start = (int) file.getLong(table + 24);
    int names = (int) file.getLong(section(file.getInt(table + 40), 24));
    for (int at = start + SYMBOL_BYTES; at < start + (int) file.getLong(table + 32); at += SYMBOL_BYTES) {
      String name = name(names + file.getInt(at));
      int home = file.getShort(at + 6);
      if (home == 0) {
        throw new IllegalArgumentException(name + " is missing");
      }
      long address = file.getLong(at + 8);
      found.put(name, new Symbol(address, (int) (address - file.getLong(section(home, 16)) + file.getLong(section(home, 24)))));
    }
    return found;
  }

  /** Where in the file the descriptor of a kernel lies. */
  static int descriptor(byte[] module, String kernel) {
    return new Hsaco(module, 0).symbols().get(kernel + ".kd").place();
  }

  private String name(int at) {
    int end = at;
    while (file.get(end) != 0) {
      end++;
    }
    return new String(file.array(), at, end - at, StandardCharsets.US_ASCII);
  }
}

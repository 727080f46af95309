package io.gllm.kernels.portable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads the interface of the one kernel in a cubin: an ELF file whose .nv.info sections hold attributes. Their numbers are those of
 * cuobjdump's listings: KPARAM_INFO 0x17, MAX_THREADS 0x05, FRAME_SIZE 0x11, MIN_STACK_SIZE 0x12.
 */
final class Cubin {
  private static final int SECTION_BYTES = 64;
  private static final int HAS_SIZE = 4;
  /** Shared memory that the driver keeps for itself at the start of a group's, from sm_90 on; counted in the kernel's section. */
  private static final int RESERVED = 1024;

  private final ByteBuffer file;
  private final Set<String> faults = new TreeSet<>();
  private String symbol = "";
  private int architecture;
  private int threads;
  private int shared;
  private int buffers;
  private int parameterBytes;

  private Cubin(byte[] bytes) {
    this.file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reads a cubin that must be for {@code architecture}, such as sm_90. */
  static CodeInterface read(byte[] module, String architecture) {
    Cubin cubin = new Cubin(module);
    if (module.length < 64 || cubin.file.getInt(0) != 0x464c457f || cubin.file.getShort(18) != 190) {
      return new CodeInterface("", 0, 0, 0, 0, Set.of("no cubin"));
    }
    try {
      cubin.sections(Integer.parseInt(architecture.substring(3)));
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      cubin.faults.add("broken: " + e.getMessage());
    }
    return new CodeInterface(cubin.symbol, cubin.threads, cubin.shared, cubin.buffers, cubin.parameterBytes / 4, cubin.faults);
  }

  private void sections(int wanted) {
    architecture = wanted;
    int flags = file.getInt(48);
    int machine = file.get(7) == 0x41 ? flags >> 8 & 0xff : flags & 0xff; // CUDA 13 moved it, with another OS/ABI number
    if (machine != wanted) {
      faults.add("for sm_" + machine);
    }
    int table = (int) file.getLong(40);
    int count = file.getShort(60);
    int names = (int) file.getLong(table + file.getShort(62) * SECTION_BYTES + 24);
    for (int i = 0; i < count; i++) {
      int section = table + i * SECTION_BYTES;
      section(name(names + file.getInt(section)), (int) file.getLong(section + 24), (int) file.getLong(section + 32));
    }
  }

  private String name(int at) {
    int end = at;
    while (file.get(end) != 0) {
      end++;
    }
    return new String(file.array(), at, end - at, StandardCharsets.US_ASCII);
  }

  private void section(String name, int at, int size) {
    if (name.startsWith(".text.")) {
      symbol += name.substring(6);
    } else if (name.startsWith(".nv.shared.") && !name.startsWith(".nv.shared.reserved")) {
      shared += architecture >= 90 ? size - RESERVED : size;
    } else if (name.startsWith(".nv.local")) {
      faults.add("local memory");
    } else if (name.equals(".nv.info") || name.startsWith(".nv.info.")) {
      attributes(at, at + size);
    }
  }

  private void attributes(int at, int end) {
    while (at < end) {
      int attribute = file.get(at + 1);
      if (file.get(at) != HAS_SIZE) {
        at += 4;
        continue;
      }
      int size = file.getShort(at + 2);
      switch (attribute) {
        case 0x05 -> threads = file.getInt(at + 4) * file.getInt(at + 8) * file.getInt(at + 12);
        case 0x11, 0x12 -> {
          if (file.getInt(at + 8) != 0) {
            faults.add("a stack of " + file.getInt(at + 8) + " bytes");
          }
        }
        case 0x17 -> parameter(file.getInt(at + 12) >>> 18);
        default -> {
        }
      }
      at += 4 + size;
    }
  }

  /** Pointers have 8 bytes, and so has a structure of two parameters: the structure is the last one, and is listed first. */
  private void parameter(int bytes) {
    if (parameterBytes == 0) {
      parameterBytes = bytes;
    } else {
      buffers++;
    }
  }
}

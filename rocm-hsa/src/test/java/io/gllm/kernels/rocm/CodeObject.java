package io.gllm.kernels.rocm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a loader reads of a code object: an ELF file for amdgcn whose symbols that end in {@code .kd} are kernel descriptors.
 *
 * @param image its bytes
 * @param machine the chip it is for (EF_AMDGPU_MACH)
 * @param abi version of the code object format: 5 is ELF ABI version 3
 * @param kernels kernels by name, with {@code .kd}
 */
record CodeObject(byte[] image, int machine, int abi, Map<String, Descriptor> kernels) {
  private static final int DYNAMIC_SYMBOLS = 11;

  /**
   * A kernel descriptor.
   *
   * @param name name of the kernel
   * @param group bytes shared by a work group
   * @param privat bytes of each thread
   * @param arguments bytes of the arguments
   * @param at where it lies in the file
   * @param address where it lies when loaded
   */
  record Descriptor(String name, int group, int privat, int arguments, int at, long address) {}

  /** Reads a file; null if it is no code object. */
  static CodeObject parse(byte[] image) {
    ByteBuffer elf = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    if (image.length < 64 || elf.getInt(0) != 0x464c457f || elf.getShort(18) != 224 || image[7] != 64) {
      return null;
    }
    Map<String, Descriptor> kernels = new TreeMap<>();
    for (int i = 0; i < elf.getShort(60); i++) {
      int section = section(elf, i);
      if (elf.getInt(section + 4) == DYNAMIC_SYMBOLS) {
        symbols(elf, section, kernels);
      }
    }
    return new CodeObject(image, image[48] & 0xff, image[8], kernels);
  }

  private static int section(ByteBuffer elf, int index) {
    return (int) elf.getLong(40) + index * elf.getShort(58);
  }

  private static void symbols(ByteBuffer elf, int section, Map<String, Descriptor> kernels) {
    int names = (int) elf.getLong(section(elf, elf.getInt(section + 40)) + 24);
    int start = (int) elf.getLong(section + 24);
    for (int at = start; at < start + elf.getLong(section + 32); at += 24) {
      String name = text(elf, names + elf.getInt(at));
      if (name.endsWith(".kd")) {
        int home = section(elf, elf.getShort(at + 6));
        int descriptor = (int) (elf.getLong(home + 24) + elf.getLong(at + 8) - elf.getLong(home + 16));
        kernels.put(name, new Descriptor(name.substring(0, name.length() - 3), elf.getInt(descriptor), elf.getInt(descriptor + 4),
            elf.getInt(descriptor + 8), descriptor, elf.getLong(at + 8)));
      }
    }
  }

  private static String text(ByteBuffer elf, int at) {
    StringBuilder text = new StringBuilder();
    for (int i = at; elf.get(i) != 0; i++) {
      text.append((char) elf.get(i));
    }
    return text.toString();
  }
}

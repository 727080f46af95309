package io.gllm.kernels.portable;

import io.gllm.kernels.api.blob.BlobManifest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads a .metallib as the system does, and knows nothing of the script that wrote it: a header with four sections; a list of
 * functions, each a group of tags (four characters, a 16-bit length, contents) closed by ENDT; public and private metadata; modules of
 * wrapped bitcode.
 */
final class Metallib {
  private static final int HEADER = 88;
  private static final int MACOS_EXECUTABLE = 0x8001;
  private static final int KERNEL = 2;
  private static final int WRAPPER = 0x0b17c0de;
  private static final int WRAPPER_BYTES = 20;
  private static final int BITCODE = 0xdec04342;
  private static final String END = "ENDT";

  /**
   * Where a function's bitcode is in the file.
   *
   * @param offset of its first byte
   * @param bytes its length
   */
  record Module(int offset, int bytes) {}

  private record Section(int at, int size) {
    int end() {
      return at + size;
    }
  }

  private final ByteBuffer file;
  private final Map<String, Module> modules = new LinkedHashMap<>();
  private final Set<String> faults = new TreeSet<>();

  private Metallib(byte[] bytes) {
    this.file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static Metallib read(byte[] bytes) {
    Metallib library = new Metallib(bytes);
    try {
      library.parse();
    } catch (IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException e) {
      library.faults.add("broken: " + e.getMessage());
    }
    return library;
  }

  /** The modules by the names of their functions, in the file's order. */
  Map<String, Module> modules() {
    return modules;
  }

  /** What is wrong with the file; empty if nothing. */
  Set<String> faults() {
    return faults;
  }

  private void parse() {
    if (file.limit() < HEADER || !text(0, 4).equals("MTLB")) {
      faults.add("no metallib");
      return;
    }
    require(u16(4) == MACOS_EXECUTABLE && file.get(10) == 0 && (file.get(11) & 0xff) == 0x81, "not an executable for macOS");
    require(u16(12) == 13, "for macOS " + u16(12));
    require(file.getLong(16) == file.limit(), "its header says " + file.getLong(16) + " bytes");
    Section list = section(24);
    Section open = section(40);
    Section hidden = section(56);
    Section code = section(72);
    require(list.at() == HEADER && open.end() == hidden.at() && hidden.end() == code.at() && code.end() == file.limit(),
        "sections do not follow each other");
    int count = file.getInt(list.at());
    int at = list.at() + 4;
    int next = 0;
    for (int i = 0; i < count; i++) {
      int group = file.getInt(at);
      if (group < 8) {
        throw new IllegalArgumentException("a function of " + group + " bytes");
      }
      next += function(tags(at + 4, at + group), open, hidden, code, next);
      at += group;
    }
    require(at == list.end() + 4, "the list of functions ends elsewhere"); // its size leaves out the count
    require(next == code.size(), "modules end elsewhere");
    Map<String, byte[]> extension = tags(at, open.at());
    require(extension.containsKey("UUID") && extension.get("UUID").length == 16, "no UUID");
  }

  private Section section(int at) {
    return new Section(Math.toIntExact(file.getLong(at)), Math.toIntExact(file.getLong(at + 8)));
  }

  /** Tags up to ENDT, which must be the last four bytes. */
  private Map<String, byte[]> tags(int at, int end) {
    Map<String, byte[]> tags = new LinkedHashMap<>();
    while (!text(at, 4).equals(END)) {
      byte[] content = bytes(at + 6, u16(at + 4));
      require(tags.put(text(at, 4), content) == null, "two tags " + text(at, 4));
      at += 6 + content.length;
    }
    require(at + 4 == end, "a group of tags ends elsewhere");
    return tags;
  }

  private int function(Map<String, byte[]> tags, Section open, Section hidden, Section code, int expected) {
    if (!tags.keySet().containsAll(Set.of("NAME", "TYPE", "HASH", "MDSZ", "OFFT", "VERS"))) {
      throw new IllegalArgumentException("a function has only the tags " + tags.keySet());
    }
    String name = new String(tags.get("NAME"), StandardCharsets.US_ASCII).replace("\0", "");
    require(tags.get("TYPE")[0] == KERNEL, name + " is no kernel");
    require(Arrays.equals(tags.get("VERS"), new byte[]{2, 0, 5, 0, 3, 0, 0, 0}), name + " is not of AIR 2.5, Metal 3.0");
    ByteBuffer offsets = ByteBuffer.wrap(tags.get("OFFT")).order(ByteOrder.LITTLE_ENDIAN);
    nothing(name, open, Math.toIntExact(offsets.getLong(0)));
    nothing(name, hidden, Math.toIntExact(offsets.getLong(8)));
    int offset = Math.toIntExact(offsets.getLong(16));
    int bytes = Math.toIntExact(ByteBuffer.wrap(tags.get("MDSZ")).order(ByteOrder.LITTLE_ENDIAN).getLong(0));
    require(offset == expected && bytes > 0 && bytes % 16 == 0, name + " has a module of " + bytes + " bytes at " + offset);
    byte[] module = bytes(code.at() + offset, bytes);
    require(BlobManifest.sha256(module).equals(HexFormat.of().formatHex(tags.get("HASH"))), name + " has another hash");
    bitcode(name, ByteBuffer.wrap(module).order(ByteOrder.LITTLE_ENDIAN));
    require(modules.put(name, new Module(code.at() + offset, bytes)) == null, "two functions " + name);
    return bytes;
  }

  /** Metadata is one empty group of tags. */
  private void nothing(String name, Section section, int offset) {
    require(offset >= 0 && offset + 8 <= section.size() && file.getInt(section.at() + offset) == 8
        && text(section.at() + offset + 4, 4).equals(END), name + " has metadata");
  }

  /** Bitcode in a wrapper, with the function's name in its table of strings. */
  private void bitcode(String name, ByteBuffer module) {
    require(module.getInt(0) == WRAPPER && module.getInt(8) == WRAPPER_BYTES && module.getInt(WRAPPER_BYTES) == BITCODE
        && module.limit() - WRAPPER_BYTES - module.getInt(12) < 16, name + " is no wrapped bitcode");
    require(new String(module.array(), StandardCharsets.ISO_8859_1).contains(name), name + " is not in its module");
  }

  private int u16(int at) {
    return Short.toUnsignedInt(file.getShort(at));
  }

  private String text(int at, int length) {
    return new String(bytes(at, length), StandardCharsets.US_ASCII);
  }

  private byte[] bytes(int at, int length) {
    byte[] bytes = new byte[length];
    file.get(at, bytes);
    return bytes;
  }

  private void require(boolean holds, String fault) {
    if (!holds) {
      faults.add(fault);
    }
  }
}

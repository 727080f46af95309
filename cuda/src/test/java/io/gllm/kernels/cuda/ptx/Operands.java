package io.gllm.kernels.cuda.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The operands of one instruction, resolved to registers of the width that the opcode asks for. */
final class Operands {
  /** {@code [base + offset]}; base is -1 where the address is a constant. */
  record Address(int base, boolean wide, long offset, String space) {}

  private static final Pattern SPECIAL = Pattern.compile("%(n?tid|n?ctaid)\\.[xyz]|%laneid|%warpid|%lanemask_(eq|lt|le|gt|ge)");

  final EntryParser entry;
  final Instruction instruction;
  private final List<String> texts;
  private final Scope scope;

  Operands(EntryParser entry, Instruction instruction, String text, Scope scope) {
    this.entry = entry;
    this.instruction = instruction;
    this.scope = scope;
    texts = split(text);
  }

  private static List<String> split(String text) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i <= text.length(); i++) {
      char c = i == text.length() ? ',' : text.charAt(i);
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      if (c == ',' && (depth == 0 || i == text.length())) {
        if (i < text.length() || !text.substring(from).isBlank()) {
          parts.add(text.substring(from, i).strip());
        }
        from = i + 1;
      }
    }
    return parts;
  }

  void count(int from, int to) {
    if (texts.size() < from || texts.size() > to) {
      throw instruction.fault(texts.size() + " operands, not " + (from == to ? from : from + " to " + to));
    }
  }

  int count() {
    return texts.size();
  }

  String text(int i) {
    return texts.get(i);
  }

  /** The register that operand {@code i} is read from. */
  int read(int i, int width) {
    return read(texts.get(i), width, width);
  }

  /** As {@link #read}, of a register that may be wider. */
  int readWider(int i, int width) {
    return read(texts.get(i), Math.max(16, width), 64);
  }

  /** The register that operand {@code i} is written to. */
  int write(int i, int width) {
    return write(texts.get(i), width, width);
  }

  int writeWider(int i, int width) {
    return write(texts.get(i), Math.max(16, width), 64);
  }

  boolean isVector(int i) {
    return texts.get(i).startsWith("{");
  }

  /** The parts of {@code {a, b, c}}, and of a single operand itself. */
  List<String> parts(int i) {
    String t = texts.get(i);
    return isVector(i) ? split(t.substring(1, t.length() - 1)) : List.of(t);
  }

  int[] readAll(int i, int width, int count) {
    List<String> parts = sized(i, count);
    return parts.stream().mapToInt(p -> read(p, width, width)).toArray();
  }

  int[] writeAll(int i, int width, int count) {
    List<String> parts = sized(i, count);
    return parts.stream().mapToInt(p -> write(p, width, width)).toArray();
  }

  private List<String> sized(int i, int count) {
    List<String> parts = parts(i);
    if (parts.size() != count) {
      throw instruction.fault(parts.size() + " registers, not " + count);
    }
    return parts;
  }

  /** A register's number, -1 for {@code _}. */
  int write(String text, int least, int most) {
    if (text.equals("_")) {
      return -1;
    }
    if (!(scope.find(text) instanceof Scope.Register r)) {
      throw instruction.fault(text + " is not a register");
    }
    return checked(r.id(), least, most);
  }

  int read(String text, int least, int most) {
    Scope.Meaning meaning = scope.find(text);
    if (meaning instanceof Scope.Register r) {
      return checked(r.id(), least, most);
    }
    if (meaning instanceof Scope.Variable v) {
      if (least != 64 && !(v.space().equals("shared") && least == 32)) {
        throw instruction.fault("the address of " + text + " has 64 bits, not " + least);
      }
      return entry.registers.constant(v.address(), least);
    }
    if (SPECIAL.matcher(text).matches()) {
      if (least != 32) {
        throw instruction.fault(text + " has 32 bits, not " + least);
      }
      return entry.registers.special(text, 32);
    }
    if (text.startsWith("%") || meaning != null) {
      throw instruction.fault(text + " is not a register");
    }
    if (text.equals("WARP_SZ")) {
      return entry.registers.constant(Warp.LANES, least);
    }
    return entry.registers.constant(immediate(text, least), least);
  }

  private long immediate(String text, int width) {
    long v = Initialiser.number(text, new Statement(instruction.line, instruction.text));
    boolean isFloat = text.matches("0[fF].{8}");
    if (isFloat && width != 32 || text.matches("0[dD].{16}") && width != 64 || !fits(v, width)) {
      throw instruction.fault(text + " is no value of " + width + " bits");
    }
    return v;
  }

  private static boolean fits(long v, int width) {
    return switch (width) {
      case 1 -> v == 0 || v == 1 || v == -1;
      case 64 -> true;
      default -> v >= -(1L << width - 1) && v < 1L << width;
    };
  }

  private int checked(int id, int least, int most) {
    int width = entry.registers.width(id);
    if (width < least || width > most || width == 1 && least != 1) {
      throw instruction.fault(entry.registers.name(id) + " has " + width + " bits, not " + least);
    }
    return id;
  }

  int width(int id) {
    return entry.registers.width(id);
  }

  Address address(int i) {
    String t = texts.get(i);
    Matcher m = Pattern.compile("\\[\\s*([^+\\s\\]]+)\\s*(?:\\+\\s*(-?\\w+)\\s*)?]").matcher(t);
    if (!m.matches()) {
      throw instruction.fault(t + " is not an address");
    }
    long offset = m.group(2) == null ? 0 : Initialiser.number(m.group(2), new Statement(instruction.line, instruction.text));
    return switch (scope.find(m.group(1))) {
      case Scope.Register r -> {
        checked(r.id(), 32, 64);
        yield new Address(r.id(), entry.registers.width(r.id()) == 64, offset, null);
      }
      case Scope.Variable v -> new Address(-1, true, v.address() + offset, v.space());
      case null, default -> throw instruction.fault(m.group(1) + " is not an address");
    };
  }

  /** The place of the label {@code i}. */
  int label(int i) {
    if (!(scope.find(texts.get(i)) instanceof Scope.Label l)) {
      throw instruction.fault(texts.get(i) + " is not a label");
    }
    return l.pc();
  }

  /** The constant that operand {@code i} must be. */
  int constant(int i) {
    return (int) Initialiser.number(texts.get(i), new Statement(instruction.line, instruction.text));
  }

  /** The result depends on the device. */
  void irreproducible() {
    entry.irreproducible.add("line " + instruction.line + " `" + instruction.text + "`");
  }
}

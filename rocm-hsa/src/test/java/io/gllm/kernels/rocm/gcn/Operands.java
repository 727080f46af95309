package io.gllm.kernels.rocm.gcn;

import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The operands of an instruction, as its decoder asks for them. What nobody asked for is refused at the end. */
final class Operands {
  private static final Pattern REGISTER = Pattern.compile("(v|s|ttmp)(?:(\\d+)|\\[(\\d+):(\\d+)\\])");
  private static final Set<String> MODIFIERS_WITHOUT_EFFECT = Set.of("dst_unused");

  final Line line;
  final Chip chip;
  private final int vectors;
  private final int rows;
  private final Constants constants;
  private final Set<Integer> touched = new TreeSet<>();
  private final Set<String> understood = new HashSet<>(MODIFIERS_WITHOUT_EFFECT);
  /** The vector register that stands for the one that the instruction writes, or -1. */
  private final int instead;
  private int asked;

  Operands(Line line, GcnKernel kernel, int instead) {
    this.line = line;
    this.chip = kernel.chip;
    this.vectors = kernel.descriptor.vectors();
    this.rows = kernel.registers();
    this.constants = kernel.constants;
    this.instead = instead;
  }

  /** The row that no instruction names. */
  int spare() {
    return vectors;
  }

  int count() {
    return line.operands().size();
  }

  /** The registers that the instruction touches. */
  int[] touched() {
    return touched.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Insists that everything has been asked for. */
  void finish() {
    if (asked != (1 << count()) - 1) {
      throw new GcnFault("has operands that are not understood");
    }
    for (String modifier : line.modifiers().keySet()) {
      if (!understood.contains(modifier)) {
        throw new GcnFault("has modifier " + modifier + ", which is not modelled here");
      }
    }
  }

  String operand(int i) {
    if (i >= count()) {
      throw new GcnFault("lacks operand " + i);
    }
    asked |= 1 << i;
    return line.operands().get(i);
  }

  // ---- modifiers

  /** Whether a modifier without a value is there. */
  boolean flag(String modifier) {
    understood.add(modifier);
    return line.modifiers().containsKey(modifier);
  }

  int number(String modifier) {
    understood.add(modifier);
    return Integer.decode(line.modifiers().getOrDefault(modifier, "0"));
  }

  /** The bits of a list such as {@code op_sel:[0,1]}, the first one lowest. */
  int bits(String modifier, int otherwise) {
    understood.add(modifier);
    String list = line.modifiers().get(modifier);
    int bits = 0;
    for (int i = 0; list != null && i < list.length() / 2; i++) {
      bits |= (list.charAt(2 * i + 1) - '0') << i;
    }
    return list == null ? otherwise : bits;
  }

  private Source.Part part(String modifier, boolean signed) {
    understood.add(modifier);
    String name = line.modifiers().getOrDefault(modifier, "DWORD");
    return name.equals("DWORD")
        ? Source.Part.WHOLE
        : name.startsWith("WORD_")
            ? new Source.Part(16 * (name.charAt(5) - '0'), 16, signed)
            : new Source.Part(8 * (name.charAt(5) - '0'), 8, signed);
  }

  /** By how much the result is moved up, for a result that fills the upper half or the highest byte and clears what is below. */
  int resultShift() {
    understood.add("dst_sel");
    String name = line.modifiers().getOrDefault("dst_sel", "DWORD");
    String others = line.modifiers().getOrDefault("dst_unused", "UNUSED_PAD");
    if (!name.equals("DWORD") && !(name.matches("WORD_1|BYTE_3") && others.equals("UNUSED_PAD"))) {
      throw new GcnFault("has a result that is not modelled");
    }
    return name.equals("DWORD") ? 0 : name.equals("WORD_1") ? 16 : 24;
  }

  // ---- registers

  /** Registers: kind, first, how many. */
  private record Registers(char kind, int first, int n) {}

  private static Registers registers(String text) {
    Matcher m = REGISTER.matcher(text);
    if (m.matches()) {
      int first = Integer.parseInt(m.group(2) != null ? m.group(2) : m.group(3));
      int n = m.group(2) != null ? 1 : Integer.parseInt(m.group(4)) - first + 1;
      char kind = m.group(1).charAt(0);
      return new Registers(kind == 't' ? 's' : kind, kind == 't' ? Wave.TRAPS + first : first, n);
    }
    return switch (text) {
      case "vcc" -> new Registers('s', Wave.VCC, 2);
      case "vcc_lo" -> new Registers('s', Wave.VCC, 1);
      case "vcc_hi" -> new Registers('s', Wave.VCC + 1, 1);
      case "exec" -> new Registers('s', Wave.EXEC, 2);
      case "exec_lo" -> new Registers('s', Wave.EXEC, 1);
      case "exec_hi" -> new Registers('s', Wave.EXEC + 1, 1);
      case "m0" -> new Registers('s', Wave.M0, 1);
      case "null" -> new Registers('s', Wave.NULL, 0);
      default -> null;
    };
  }

  /** The first of {@code n} vector registers that are read or written; -1 is the instruction's own result elsewhere. */
  private int row(String text, int n) {
    Registers r = registers(text);
    if (r == null || r.kind != 'v' || r.n != n) {
      throw new GcnFault("wants " + n + " vector registers, not " + text);
    }
    if (r.first + n > vectors) {
      throw new GcnFault("uses " + text + " of " + vectors + " vector registers");
    }
    for (int i = 0; i < n; i++) {
      touched.add(Wave.VECTORS + r.first + i);
    }
    return r.first;
  }

  /** Vector registers that hold an operand. */
  int vectors(int i, int n) {
    return row(operand(i), n);
  }

  /** The vector registers of the result. */
  int result(int i, int n) {
    int row = row(operand(i), n);
    return instead >= 0 ? instead : row;
  }

  /** Vector registers that a load will write: it may come while another load does. */
  int loaded(int i, int n) {
    Set<Integer> before = new TreeSet<>(touched);
    int row = row(operand(i), n);
    touched.retainAll(before);
    return row;
  }

  private int scalarRegister(Registers r, String text, int n) {
    if (r.kind != 's' || r.n != n && r.first != Wave.NULL) {
      throw new GcnFault("wants " + n + " scalar registers, not " + text);
    }
    for (int i = 0; i < r.n; i++) {
      touched.add(r.first + i);
    }
    return r.first;
  }

  /** Scalar registers that are written. */
  int scalarResult(int i, int n) {
    Registers r = registers(operand(i));
    if (r == null) {
      throw new GcnFault("writes " + operand(i));
    }
    return scalarRegister(r, operand(i), n);
  }

  /** Scalar registers that a load will write. */
  int scalarLoaded(int i, int n) {
    Set<Integer> before = new TreeSet<>(touched);
    int register = scalarResult(i, n);
    touched.retainAll(before);
    return register;
  }

  /** A scalar operand of {@code n} words; constants lie behind the registers. */
  int scalar(int i, int n) {
    String text = operand(i);
    Registers r = registers(text);
    if (r != null) {
      return scalarRegister(r, text, n);
    }
    int value = constant(text, false);
    if (n == 2 && text.contains(".")) {
      throw new GcnFault("has a 64-bit constant that is not modelled");
    }
    boolean literal = text.startsWith("0x"); // its 32 bits are the lower ones of 64, without a sign
    return Wave.SCALARS + 2 * constants.index(literal ? value & 0xffffffffL : value);
  }

  /** The mask of lanes that an instruction reads or writes besides. */
  int mask(int i) {
    return scalarResult(i, chip.lanes() / 32);
  }

  /** The mask of lanes in vcc, which is not named. */
  int vcc() {
    return scalarRegister(registers(chip.lanes() == 64 ? "vcc" : "vcc_lo"), "vcc", chip.lanes() / 32);
  }

  boolean isRegister(int i) {
    return registers(line.operands().get(i)) != null;
  }

  // ---- operands of vector instructions

  /** A 32-bit operand; {@code half} if what counts is the number in its lower half. */
  Source source(int i, boolean half) {
    String text = operand(i);
    boolean number = text.matches("-[0-9.].*");
    boolean negative = text.startsWith("-") && !number;
    String positive = negative ? text.substring(1) : text;
    boolean absolute = positive.startsWith("|");
    boolean signed = positive.startsWith("sext(");
    String plain = absolute
        ? positive.substring(1, positive.length() - 1)
        : signed ? positive.substring(5, positive.length() - 1) : positive;
    int place = i - (count() - sources());
    Source.Part part = place < 2 ? part("src" + Math.max(0, place) + "_sel", signed) : Source.Part.WHOLE;
    Registers r = registers(plain);
    if (r == null) {
      return new Source(constantRow(constant(plain, half)), -1, part, absolute, negative, half);
    }
    return r.kind == 'v'
        ? new Source(row(plain, 1), -1, part, absolute, negative, half)
        : new Source(-1, scalarRegister(r, plain, 1), part, absolute, negative, half);
  }

  /** How many operands at the end of an SDWA instruction its selections number. */
  private int sources() {
    return line.modifiers().containsKey("src1_sel") ? 2 : line.modifiers().containsKey("src0_sel") ? 1 : count();
  }

  Source source(int i) {
    return source(i, false);
  }

  /** The lower and the upper word of a 64-bit operand. */
  Source[] pair(int i) {
    String text = operand(i);
    Registers r = registers(text);
    if (r == null) {
      int value = constant(text, false);
      return new Source[]{Source.ofRow(constantRow(value)), Source.ofRow(constantRow(text.contains(".") ? 0 : value >> 31))};
    }
    if (r.kind == 'v') {
      int row = row(text, 2);
      return new Source[]{Source.ofRow(row), Source.ofRow(row + 1)};
    }
    int first = scalarRegister(r, text, 2);
    return new Source[]{new Source(-1, first, Source.Part.WHOLE, false, false, false),
      new Source(-1, first + 1, Source.Part.WHOLE, false, false, false)};
  }

  /** A scalar or constant as an operand of lanes. */
  private int constantRow(int value) {
    return rows + constants.index(value);
  }

  /** A number in the text; those with a point are floating point numbers of the operand's width. */
  static int constant(String text, boolean half) {
    try {
      if (text.startsWith("0x")) {
        return (int) Long.parseLong(text.substring(2), 16);
      }
      if (text.contains(".")) {
        float value = Float.parseFloat(text);
        return half ? Float.floatToFloat16(value) & 0xffff : Float.floatToRawIntBits(value);
      }
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new GcnFault("has operand " + text + ", which is not modelled");
    }
  }
}

package io.gllm.kernels.cuda.ptx;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads an entry: registers and labels by name, then each instruction with indices in their place. */
final class EntryParser {
  private static final Pattern REGISTERS = Pattern.compile("\\.reg\\s+\\.(pred|[busf](?:16|32|64))\\s+(.*)", Pattern.DOTALL);
  private static final Pattern GUARDED = Pattern.compile("(?:@(!?)([\\w$%]+)\\s+)?([a-z][\\w.:]*)\\s*(.*)", Pattern.DOTALL);

  private record Pending(Instruction instruction, String operands, Scope scope) {}

  final String name;
  final List<PtxParameter> parameters = new ArrayList<>();
  final Registers registers = new Registers();
  final SharedLayout shared = new SharedLayout();
  final List<Instruction> code = new ArrayList<>();
  final List<String> irreproducible = new ArrayList<>();
  int parameterBytes;
  int maxThreads = 1024;
  boolean exactThreads;
  int sharedGranule = 4;
  int globalGranule = 4;

  private final List<Pending> pending = new ArrayList<>();
  private Scope scope;
  private Statement dynamic;

  EntryParser(String name, Scope scope) {
    this.name = name;
    this.scope = scope;
  }

  void parameter(String name, int bytes, int alignment) {
    int offset = (parameterBytes + alignment - 1) / alignment * alignment;
    parameters.add(new PtxParameter(name, offset, bytes, alignment));
    define(new Statement(0, name), name, new Scope.Variable("param", offset, bytes));
    parameterBytes = offset + bytes;
  }

  void shared(Statement s) {
    Matcher m = PtxParser.VARIABLE.matcher(s.text());
    if (!m.matches() || m.group(6) != null) {
      throw new PtxFault(s.line(), s.text(), "unknown declaration");
    }
    int element = PtxParser.bytes(m.group(3));
    long size = element * PtxParser.elements(m.group(5));
    if (size == 0) {
      dynamic = s;
      return;
    }
    int alignment = m.group(2) == null ? element : Integer.parseInt(m.group(2));
    define(s, m.group(4), shared.place(m.group(4), alignment, size));
  }

  /** The text between the braces of the entry. */
  void body(String text, int line) {
    int from = 0;
    int start = line;
    boolean blank = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (blank && !Character.isWhitespace(c)) {
        start = line;
      }
      if (c == ';' || blank && (c == '{' || c == '}') || c == ':' && label(text, from, i)) {
        statement(new Statement(start, text.substring(from, i).strip()), c);
        from = i + 1;
        blank = true;
      } else {
        blank &= Character.isWhitespace(c);
      }
      line += c == '\n' ? 1 : 0;
    }
    if (!text.substring(from).isBlank()) {
      throw new PtxFault(start, text.substring(from).strip(), "';' is missing");
    }
    placeDynamic();
    for (Pending p : pending) {
      Opcodes.bind(p.instruction(), new Operands(this, p.instruction(), p.operands(), p.scope()));
    }
  }

  /** The dynamic part lies behind all static variables, which are known only now. */
  private void placeDynamic() {
    if (dynamic != null) {
      Matcher m = PtxParser.VARIABLE.matcher(dynamic.text());
      m.matches();
      define(dynamic, m.group(4), shared.place(m.group(4), m.group(2) == null ? 4 : Integer.parseInt(m.group(2)), 0));
      shared.dynamic = true;
    }
  }

  /** An access of so many bytes at once: what is watched is no coarser. */
  void granule(int bytes, Access.Space space) {
    if (space != Access.Space.GLOBAL) {
      sharedGranule = Math.min(sharedGranule, bytes);
    }
    if (space != Access.Space.SHARED) {
      globalGranule = Math.min(globalGranule, bytes);
    }
  }

  private static boolean label(String text, int from, int colon) {
    return text.substring(from, colon).strip().matches("[\\w$]+") && text.charAt(Math.min(colon + 1, text.length() - 1)) != ':';
  }

  private void statement(Statement s, char end) {
    switch (end) {
      case '{' -> scope = new Scope(scope);
      case '}' -> scope = scope.outer;
      case ':' -> define(s, s.text(), new Scope.Label(code.size()));
      default -> {
        if (s.text().startsWith(".")) {
          directive(s);
        } else if (!s.text().isEmpty()) {
          instruction(s);
        }
      }
    }
  }

  private void directive(Statement s) {
    Matcher m = REGISTERS.matcher(s.text());
    if (m.matches()) {
      int width = m.group(1).equals("pred") ? 1 : PtxParser.bytes(m.group(1)) * 8;
      for (String r : m.group(2).split(",")) {
        registers(s, r.strip(), width);
      }
    } else if (s.text().startsWith(".shared")) {
      shared(s);
    } else if (!s.text().startsWith(".pragma")) {
      throw new PtxFault(s.line(), s.text(), "unknown directive");
    }
  }

  private void registers(Statement s, String name, int width) {
    Matcher m = Pattern.compile("([\\w$%]+)<(\\d+)>").matcher(name);
    if (!m.matches()) {
      define(s, name, new Scope.Register(registers.add(name, width)));
      return;
    }
    for (int i = 0; i < Integer.parseInt(m.group(2)); i++) {
      define(s, m.group(1) + i, new Scope.Register(registers.add(m.group(1) + i, width)));
    }
  }

  private void instruction(Statement s) {
    Matcher m = GUARDED.matcher(s.text());
    String text = s.text().replaceAll("\\s+", " ") + ";";
    if (!m.matches()) {
      throw new PtxFault(s.line(), text, "not an instruction");
    }
    int guard = -1;
    if (m.group(2) != null) {
      if (!(scope.find(m.group(2)) instanceof Scope.Register r) || registers.width(r.id()) != 1) {
        throw new PtxFault(s.line(), text, m.group(2) + " is not a predicate");
      }
      guard = r.id();
    }
    Instruction i = new Instruction(code.size(), s.line(), text, m.group(3), guard, "!".equals(m.group(1)));
    code.add(i);
    pending.add(new Pending(i, m.group(4), scope));
  }

  private void define(Statement s, String name, Scope.Meaning meaning) {
    if (!scope.define(name, meaning)) {
      throw new PtxFault(s.line(), s.text(), name + " is defined twice");
    }
  }
}

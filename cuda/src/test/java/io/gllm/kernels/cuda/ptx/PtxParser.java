package io.gllm.kernels.cuda.ptx;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what stands outside of the bodies: version, target, variables, entries with their parameters. */
final class PtxParser {
  private static final Set<String> LINKAGE = Set.of(".visible", ".extern", ".weak", ".common");
  private static final Pattern PARAMETER = Pattern
      .compile(
          "\\.param\\s+(?:\\.align\\s+(\\d+)\\s+)?\\.([a-z]+\\d+)\\s+(?:\\.ptr\\s+(?:\\.global\\s+)?(?:\\.align\\s+\\d+\\s+)?)?([\\w$%]+)(?:\\[(\\d+)])?");
  static final Pattern VARIABLE = Pattern.compile(
      "\\.(shared|global|const)\\s+(?:\\.align\\s+(\\d+)\\s+)?\\.([busf]\\d+)\\s+([\\w$%]+)((?:\\[\\d*])*)(?:\\s*=\\s*(.*))?",
      Pattern.DOTALL);

  private final String text;
  private final Scope scope = new Scope(null);
  private final DeviceMemoryMap statics = new DeviceMemoryMap();
  private final List<Statement> sharedVariables = new ArrayList<>();
  private final Map<String, PtxEntry> entries = new LinkedHashMap<>();
  private String version;
  private int target;
  private int at;
  private int line = 1;

  PtxParser(String source) {
    text = withoutComments(source);
  }

  private static String withoutComments(String source) {
    String lines = source.replaceAll("//[^\n]*", "");
    return Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL).matcher(lines)
        .replaceAll(m -> "\n".repeat((int) m.group().chars().filter(c -> c == '\n').count()));
  }

  PtxModule module() {
    for (skipSpace(); at < text.length(); skipSpace()) {
      String word = word();
      switch (word) {
        case ".version" -> version = rest().strip();
        case ".target" -> target = target(rest().strip());
        case ".address_size" -> require(rest().strip().equals("64"), ".address_size", "addresses of 64 bits only");
        case ".file" -> rest();
        case ".entry" -> entry();
        case ".shared", ".global", ".const" -> variable(word);
        default -> require(LINKAGE.contains(word), word, "unknown directive");
      }
    }
    require(version != null && target != 0, "", ".version or .target is missing");
    return new PtxModule(version, target, entries);
  }

  private int target(String list) {
    Matcher m = Pattern.compile("sm_(\\d+)a?").matcher(list);
    require(m.matches(), ".target " + list, "unknown target");
    return Integer.parseInt(m.group(1));
  }

  private void variable(String word) {
    Statement s = new Statement(line, word + " " + until(';').strip());
    if (word.equals(".shared")) {
      sharedVariables.add(s);
      return;
    }
    Matcher m = VARIABLE.matcher(s.text());
    require(m.matches(), s.text(), "unknown declaration");
    int element = bytes(m.group(3));
    long count = elements(m.group(5));
    int alignment = m.group(2) == null ? element : Integer.parseInt(m.group(2));
    require(alignment <= 256, s.text(), "alignment above 256");
    long address = statics.allocate(Math.max(1, element * count));
    Initialiser.fill(statics.segment(address, element * count), m.group(3), m.group(6), s);
    require(scope.define(m.group(4), new Scope.Variable(m.group(1), address, element * count)), s.text(), "defined twice");
  }

  /** The product of the dimensions, 1 without any, 0 for {@code []}. */
  static long elements(String dimensions) {
    long count = 1;
    Matcher m = Pattern.compile("\\[(\\d*)]").matcher(dimensions);
    while (m.find()) {
      count *= m.group(1).isEmpty() ? 0 : Long.parseLong(m.group(1));
    }
    return count;
  }

  static int bytes(String type) {
    return Integer.parseInt(type.substring(1)) / 8;
  }

  private void entry() {
    skipSpace();
    EntryParser e = new EntryParser(until('(').strip(), new Scope(scope));
    for (String p : until(')').split(",")) {
      if (!p.isBlank()) {
        Matcher m = PARAMETER.matcher(p.strip());
        require(m.matches(), p.strip(), "unknown parameter");
        int element = bytes(m.group(2));
        e.parameter(m.group(3), element * (m.group(4) == null ? 1 : Integer.parseInt(m.group(4))),
            m.group(1) == null ? element : Integer.parseInt(m.group(1)));
      }
    }
    directives(e, until('{').strip());
    int start = line;
    String body = body();
    for (Statement s : sharedVariables) {
      String name = s.text().replaceAll("(?s)\\[.*", "").replaceAll("(?s).*\\s", "");
      if (Pattern.compile("(?<![\\w$])" + Pattern.quote(name) + "(?![\\w$])").matcher(body).find()) {
        e.shared(s);
      }
    }
    e.body(body, start);
    require(entries.put(e.name, new PtxEntry(e, statics)) == null, e.name, "defined twice");
  }

  private void directives(EntryParser e, String text) {
    Matcher m = Pattern.compile("\\.(\\w+)\\s+(\\d+)(?:\\s*,\\s*(\\d+))?(?:\\s*,\\s*(\\d+))?").matcher(text);
    int end = 0;
    while (m.find()) {
      require(text.substring(end, m.start()).isBlank(), text, "unknown directive");
      end = m.end();
      switch (m.group(1)) {
        case "maxntid", "reqntid" -> {
          e.maxThreads = 1;
          e.exactThreads = m.group(1).equals("reqntid");
          for (int i = 2; i <= 4; i++) {
            e.maxThreads *= m.group(i) == null ? 1 : Integer.parseInt(m.group(i));
          }
        }
        case "minnctapersm", "maxnreg" -> {
        }
        default -> throw new PtxFault(line, m.group(), "unknown directive");
      }
    }
    require(text.substring(end).isBlank(), text, "unknown directive");
  }

  private String body() {
    int from = at;
    for (int depth = 1; depth > 0; at++) {
      require(at < text.length(), "{", "the body does not end");
      char c = text.charAt(at);
      depth += c == '{' ? 1 : c == '}' ? -1 : 0;
      line += c == '\n' ? 1 : 0;
    }
    return text.substring(from, at - 1);
  }

  private void require(boolean condition, String what, String cause) {
    if (!condition) {
      throw new PtxFault(line, what, cause);
    }
  }

  private void skipSpace() {
    for (; at < text.length() && Character.isWhitespace(text.charAt(at)); at++) {
      line += text.charAt(at) == '\n' ? 1 : 0;
    }
  }

  private String word() {
    int from = at;
    while (at < text.length() && !Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return text.substring(from, at);
  }

  private String rest() {
    int end = text.indexOf('\n', at);
    String rest = text.substring(at, end < 0 ? text.length() : end);
    at = end < 0 ? text.length() : end;
    return rest;
  }

  private String until(char c) {
    int end = text.indexOf(c, at);
    require(end >= 0, "", "'" + c + "' is missing");
    String part = text.substring(at, end);
    line += (int) part.chars().filter(x -> x == '\n').count();
    at = end + 1;
    return part;
  }
}

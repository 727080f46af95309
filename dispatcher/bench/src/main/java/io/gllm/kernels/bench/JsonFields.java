package io.gllm.kernels.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The fields of an object of JSON, each checked when it is asked for. Fields that nobody asks for are no harm. */
final class JsonFields {
  /** The longest text that a report has. */
  private static final int MOST_TEXT = 4096;

  /** Numbers beyond this measure nothing, and their quotients would be no numbers. */
  private static final double MOST = 1e30;

  private final String path;
  private final Map<?, ?> fields;

  /** {@code path} says where the object is, for messages. */
  JsonFields(String path, Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new IllegalArgumentException((path.isEmpty() ? "the text" : path) + " must be an object");
    }
    this.path = path;
    this.fields = map;
  }

  private IllegalArgumentException wrong(String key, String expected) {
    return new IllegalArgumentException(at(key) + (fields.containsKey(key) ? " must be " : " is missing, it must be ") + expected);
  }

  private String at(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  boolean isNull(String key) {
    return fields.get(key) == null;
  }

  JsonFields object(String key) {
    return new JsonFields(at(key), fields.get(key));
  }

  /** A text; control characters, which terminals obey, are replaced. */
  String text(String key) {
    if (fields.get(key) instanceof String text && text.length() <= MOST_TEXT) {
      return printable(text);
    }
    throw wrong(key, "a string of at most " + MOST_TEXT + " characters");
  }

  private static String printable(String text) {
    return text.replaceAll("[\\p{Cntrl}\\x{80}-\\x{9f}]", "\ufffd");
  }

  String textOrNull(String key) {
    return isNull(key) ? null : text(key);
  }

  boolean flag(String key) {
    if (fields.get(key) instanceof Boolean flag) {
      return flag;
    }
    throw wrong(key, "true or false");
  }

  /** A number as {@link #number} takes it; null is NaN. */
  double numberOrNaN(String key) {
    return isNull(key) ? Double.NaN : number(key);
  }

  /** A number of a size that can be measured, or zero. */
  double number(String key) {
    if (fields.get(key) instanceof Double number && (number == 0 || measurable(number))) {
      return number;
    }
    throw wrong(key, "a number that is not negative, 1e-30 to 1e30 unless it is zero");
  }

  private static boolean measurable(double number) {
    return number >= 1 / MOST && number <= MOST;
  }

  long integer(String key, long most) {
    double number = number(key);
    if (number != Math.rint(number) || number > most) {
      throw wrong(key, "a whole number up to " + most);
    }
    return (long) number;
  }

  /** A constant that is written in lower case. */
  <E extends Enum<E>> E constant(String key, Class<E> type) {
    String text = text(key);
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(text)) {
        return constant;
      }
    }
    throw wrong(key, "one of " + List.of(type.getEnumConstants()).toString().toLowerCase(Locale.ROOT));
  }

  List<String> texts(String key, int most) {
    List<String> texts = new ArrayList<>();
    for (Object value : list(key, most)) {
      if (!(value instanceof String text) || text.length() > MOST_TEXT) {
        throw wrong(key, "strings");
      }
      texts.add(printable(text));
    }
    return texts;
  }

  /** Numbers above zero, one at least. */
  double[] positives(String key, int most) {
    List<?> list = list(key, most);
    double[] numbers = new double[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = list.get(i) instanceof Double number ? number : 0;
      if (!measurable(numbers[i])) {
        throw wrong(key, "numbers above zero");
      }
    }
    if (numbers.length == 0) {
      throw wrong(key, "numbers above zero, one at least");
    }
    return numbers;
  }

  List<JsonFields> objects(String key, int most) {
    List<JsonFields> objects = new ArrayList<>();
    for (Object value : list(key, most)) {
      objects.add(new JsonFields(at(key) + "[" + objects.size() + "]", value));
    }
    return objects;
  }

  private List<?> list(String key, int most) {
    if (fields.get(key) instanceof List<?> list && list.size() <= most) {
      return list;
    }
    throw wrong(key, "a list of at most " + most);
  }
}

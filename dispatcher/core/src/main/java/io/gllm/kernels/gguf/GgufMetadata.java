package io.gllm.kernels.gguf;

import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/**
 * The typed values in the head of a {@link GgufFile}. Values are decoded when they are asked for, from the mapped file, so they
 * must be read before the file is closed. A missing key, another type or a number out of range is a {@link GgufException} that
 * names the key. Thread-safe.
 */
public final class GgufMetadata {
  private final String file;
  private final MemorySegment bytes;
  private final Map<String, GgufValue> values;

  GgufMetadata(String file, MemorySegment bytes, Map<String, GgufValue> values) {
    this.file = file;
    this.bytes = bytes;
    this.values = values;
  }

  /** Name of the file, for messages. */
  public String file() {
    return file;
  }

  /** All keys in the order of the file. */
  public Set<String> keys() {
    return Collections.unmodifiableSet(values.keySet());
  }

  /** Whether there is a value for {@code key}. */
  public boolean contains(String key) {
    return values.containsKey(key);
  }

  /** What the value of {@code key} is, for people: {@code U32}, {@code STRING[512]}. */
  public String typeOf(String key) {
    return describe(value(key));
  }

  /** A string. */
  public String string(String key) {
    GgufValue value = value(key);
    require(key, value, value.type() == GgufType.STRING, "a string");
    return at(value).readString(key, Integer.MAX_VALUE);
  }

  /** A string, or {@code otherwise} if the key is missing. */
  public String string(String key, String otherwise) {
    return contains(key) ? string(key) : otherwise;
  }

  /** An integer of any width; an unsigned one beyond 2^63-1 is an error. */
  public long integer(String key) {
    GgufValue value = value(key);
    require(key, value, value.type().isInteger(), "an integer");
    return at(value).readInteger(value.type(), key);
  }

  /** An integer of any width, or {@code otherwise} if the key is missing. */
  public long integer(String key, long otherwise) {
    return contains(key) ? integer(key) : otherwise;
  }

  /** An integer in {@code [min, max]}. */
  public int integerIn(String key, int min, int max) {
    long value = integer(key);
    if (value < min || value > max) {
      throw invalid(key, "is " + value + ", expected " + min + " to " + max);
    }
    return (int) value;
  }

  /** An integer in {@code [min, max]}, or {@code otherwise} if the key is missing. */
  public int integerIn(String key, int min, int max, int otherwise) {
    return contains(key) ? integerIn(key, min, max) : otherwise;
  }

  /** A finite floating-point number, rounded to f32 if it is wider. */
  public float real(String key) {
    GgufValue value = value(key);
    require(key, value, value.type().isReal(), "a floating-point number");
    float number = (float) at(value).readReal(value.type(), key);
    if (!Float.isFinite(number)) {
      throw invalid(key, "is " + number + ", expected a finite number");
    }
    return number;
  }

  /** A finite floating-point number, or {@code otherwise} if the key is missing. */
  public float real(String key, float otherwise) {
    return contains(key) ? real(key) : otherwise;
  }

  /** A truth value, or {@code otherwise} if the key is missing. */
  public boolean bool(String key, boolean otherwise) {
    if (!contains(key)) {
      return otherwise;
    }
    GgufValue value = value(key);
    require(key, value, value.type() == GgufType.BOOL, "a truth value");
    return at(value).readByte(key) != 0;
  }

  /** Number of elements of an array of any type. */
  public long arrayLength(String key) {
    GgufValue value = value(key);
    require(key, value, value.type() == GgufType.ARRAY, "an array");
    return value.count();
  }

  /** An array of strings. */
  public String[] strings(String key) {
    GgufValue value = array(key, "strings", false);
    require(key, value, value.elements() == GgufType.STRING, "an array of strings");
    GgufCursor cursor = at(value);
    String[] result = new String[(int) value.count()];
    for (int i = 0; i < result.length; i++) {
      result[i] = cursor.readString(key, Integer.MAX_VALUE);
    }
    return result;
  }

  /** An array of integers, each of which must fit into an int. */
  public int[] integers(String key) {
    GgufValue value = array(key, "integers", true);
    require(key, value, value.elements().isInteger(), "an array of integers");
    GgufCursor cursor = at(value);
    int[] result = new int[(int) value.count()];
    for (int i = 0; i < result.length; i++) {
      long element = cursor.readInteger(value.elements(), key);
      if (element != (int) element) {
        throw invalid(key, "has element " + i + " = " + element + ", which is no 32-bit integer");
      }
      result[i] = (int) element;
    }
    return result;
  }

  /** An array of floating-point numbers, rounded to f32 if they are wider; not-a-number is an error. */
  public float[] reals(String key) {
    GgufValue value = array(key, "floating-point numbers", true);
    require(key, value, value.elements().isReal(), "an array of floating-point numbers");
    GgufCursor cursor = at(value);
    float[] result = new float[(int) value.count()];
    for (int i = 0; i < result.length; i++) {
      result[i] = (float) cursor.readReal(value.elements(), key);
      if (Float.isNaN(result[i])) {
        throw invalid(key, "has element " + i + " = NaN");
      }
    }
    return result;
  }

  /** The error that the value of {@code key}, or its absence, is; {@code problem} continues a sentence that starts with the key. */
  public GgufException invalid(String key, String problem) {
    GgufValue value = values.get(key);
    return new GgufException(file, value == null ? -1 : value.offset(), "metadata '" + key + "' " + problem);
  }

  private GgufValue value(String key) {
    GgufValue value = values.get(key);
    if (value == null) {
      throw invalid(key, "is missing");
    }
    return value;
  }

  private GgufValue array(String key, String of, boolean fixedSize) {
    GgufValue value = value(key);
    require(key, value, value.type() == GgufType.ARRAY && fixedSize == value.elements().bytes() > 0, "an array of " + of);
    if (value.count() > Integer.MAX_VALUE - 8) {
      throw invalid(key, "has " + value.count() + " elements, more than a Java array holds");
    }
    return value;
  }

  private void require(String key, GgufValue value, boolean matches, String expected) {
    if (!matches) {
      throw invalid(key, "is " + describe(value) + ", expected " + expected);
    }
  }

  private static String describe(GgufValue value) {
    return value.type() == GgufType.ARRAY ? value.elements() + "[" + value.count() + "]" : value.type().toString();
  }

  private GgufCursor at(GgufValue value) {
    return new GgufCursor(file, bytes, value.offset());
  }
}

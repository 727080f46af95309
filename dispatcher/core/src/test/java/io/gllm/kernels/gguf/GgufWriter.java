package io.gllm.kernels.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes GGUF files for tests, valid ones by default, and remembers where each field of the head lies. */
public final class GgufWriter {
  /** A field of the head: what it is, where it lies and how many bytes it has. */
  public record Field(String what, int offset, int bytes) {}

  private final List<byte[]> keys = new ArrayList<>();
  private final List<List<Field>> keyFields = new ArrayList<>();
  private final List<Tensor> tensors = new ArrayList<>();
  private final List<Field> fields = new ArrayList<>();
  private int version = 3;
  private int alignment = 32;

  private record Tensor(String name, int type, long[] dims, byte[] data) {}

  /** A byte stream with little-endian numbers that notes fields. */
  private static final class Out extends ByteArrayOutputStream {
    private final List<Field> fields = new ArrayList<>();

    Out number(String what, long value, int bytes) {
      fields.add(new Field(what, size(), bytes));
      for (int i = 0; i < bytes; i++) {
        write((int) (value >>> 8 * i));
      }
      return this;
    }

    Out text(String what, String text) {
      byte[] raw = text.getBytes(StandardCharsets.UTF_8);
      number(what + " length", raw.length, 8);
      writeBytes(raw);
      return this;
    }
  }

  public GgufWriter version(int number) {
    version = number;
    return this;
  }

  /** Writes general.alignment and aligns the data to it. */
  public GgufWriter alignment(int bytes) {
    alignment = bytes;
    return u32("general.alignment", bytes);
  }

  public GgufWriter string(String key, String value) {
    return add(head(key, GgufType.STRING).text(key, value));
  }

  public GgufWriter u32(String key, int value) {
    return number(key, GgufType.U32, value);
  }

  public GgufWriter f32(String key, float value) {
    return number(key, GgufType.F32, Float.floatToRawIntBits(value));
  }

  public GgufWriter f64(String key, double value) {
    return number(key, GgufType.F64, Double.doubleToRawLongBits(value));
  }

  public GgufWriter bool(String key, boolean value) {
    return number(key, GgufType.BOOL, value ? 1 : 0);
  }

  /** A value of any type of fixed size. */
  GgufWriter number(String key, GgufType type, long bits) {
    return add(head(key, type).number(key, bits, type.bytes()));
  }

  public GgufWriter strings(String key, String... values) {
    Out out = head(key, GgufType.ARRAY).number(key + " element type", GgufType.STRING.ordinal(), 4).number(key + " count", values.length,
        8);
    for (String value : values) {
      out.text(key, value);
    }
    return add(out);
  }

  public GgufWriter integers(String key, int... values) {
    Out out = head(key, GgufType.ARRAY).number(key + " element type", GgufType.I32.ordinal(), 4).number(key + " count", values.length, 8);
    for (int value : values) {
      out.number(key, value, 4);
    }
    return add(out);
  }

  public GgufWriter floats(String key, float... values) {
    Out out = head(key, GgufType.ARRAY).number(key + " element type", GgufType.F32.ordinal(), 4).number(key + " count", values.length, 8);
    for (float value : values) {
      out.number(key, Float.floatToRawIntBits(value), 4);
    }
    return add(out);
  }

  /** Arrays of one array each, {@code depth} of them, around one byte. */
  public GgufWriter nested(String key, int depth) {
    Out out = head(key, GgufType.ARRAY);
    for (int i = 1; i < depth; i++) {
      out.number(key + " element type", GgufType.ARRAY.ordinal(), 4).number(key + " count", 1, 8);
    }
    out.number(key + " element type", GgufType.U8.ordinal(), 4).number(key + " count", 1, 8).number(key, 7, 1);
    return add(out);
  }

  private static Out head(String key, GgufType type) {
    return new Out().text("key " + key, key).number(key + " type", type.ordinal(), 4);
  }

  private GgufWriter add(Out out) {
    keys.add(out.toByteArray());
    keyFields.add(out.fields);
    return this;
  }

  /** A tensor of any type id with the given bytes. */
  public GgufWriter tensor(String name, int type, byte[] data, long... dims) {
    tensors.add(new Tensor(name, type, dims, data));
    return this;
  }

  /** An f32 tensor. */
  public GgufWriter tensor(String name, float[] data, long... dims) {
    ByteBuffer raw = ByteBuffer.allocate(4 * data.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(data);
    return tensor(name, 0, raw.array(), dims);
  }

  /** The whole file. */
  public byte[] bytes() {
    Out out = new Out();
    out.number("magic", 0x46554747, 4).number("version", version, 4);
    out.number("tensor count", tensors.size(), 8).number("key count", keys.size(), 8);
    for (int i = 0; i < keys.size(); i++) {
      for (Field field : keyFields.get(i)) {
        out.fields.add(new Field(field.what(), out.size() + field.offset(), field.bytes()));
      }
      out.writeBytes(keys.get(i));
    }
    directory(out);
    fields.clear();
    fields.addAll(out.fields);
    for (Tensor tensor : tensors) {
      pad(out);
      out.writeBytes(tensor.data);
    }
    return out.toByteArray();
  }

  private void directory(Out out) {
    long offset = 0;
    for (Tensor tensor : tensors) {
      out.text("name " + tensor.name, tensor.name).number(tensor.name + " rank", tensor.dims.length, 4);
      for (long dim : tensor.dims) {
        out.number(tensor.name + " dim", dim, 8);
      }
      out.number(tensor.name + " type", tensor.type, 4).number(tensor.name + " offset", offset, 8);
      offset += (tensor.data.length + alignment - 1) / alignment * alignment;
    }
  }

  private void pad(Out out) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
  }

  /** The fields of the head of the file that {@link #bytes} wrote last. */
  public List<Field> fields() {
    return List.copyOf(fields);
  }

  /** Writes the file. */
  public Path write(Path path) {
    return write(path, bytes());
  }

  /** Writes any bytes. */
  public static Path write(Path path, byte[] bytes) {
    try {
      return Files.write(path, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package io.gllm.kernels.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.StringJoiner;

/** Writes safetensors files for tests. */
public final class SafetensorsWriter {
  private final StringJoiner head = new StringJoiner(",", "{", "}");
  private byte[] data = new byte[0];

  public SafetensorsWriter metadata(String key, String value) {
    head.add("\"__metadata__\":{\"" + key + "\":\"" + value + "\"}");
    return this;
  }

  public SafetensorsWriter add(String name, String type, MemorySegment content, long... shape) {
    byte[] bytes = content.toArray(ValueLayout.JAVA_BYTE);
    head.add("\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":" + Arrays.toString(shape) + ",\"data_offsets\":[" + data.length + ","
        + (data.length + bytes.length) + "]}");
    int before = data.length;
    data = Arrays.copyOf(data, before + bytes.length);
    System.arraycopy(bytes, 0, data, before, bytes.length);
    return this;
  }

  public SafetensorsWriter floats(String name, float[] values, long... shape) {
    return add(name, "F32", MemorySegment.ofArray(values), shape);
  }

  public SafetensorsWriter ints(String name, int[] values, long... shape) {
    return add(name, "I32", MemorySegment.ofArray(values), shape);
  }

  /** The file with its head padded to a multiple of eight bytes, as the format's own writer does. */
  public byte[] bytes() {
    String text = head.toString();
    return file(text + " ".repeat((8 - text.length() % 8) % 8), data);
  }

  /** A file of any head and data. */
  static byte[] file(String head, byte[] data) {
    byte[] text = head.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).put(text).put(data)
        .array();
  }

  public Path write(Path path) {
    return write(path, bytes());
  }

  static Path write(Path path, byte[] bytes) {
    try {
      return Files.write(path, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

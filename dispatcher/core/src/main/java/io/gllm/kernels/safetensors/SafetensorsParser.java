package io.gllm.kernels.safetensors;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Checks the head of a safetensors file: length, JSON of exactly the fields of the format, and where each tensor lies. */
final class SafetensorsParser {
  /** The limit of the format's own implementation. */
  private static final long MAX_HEAD_BYTES = 100_000_000;

  /** Far above real checkpoints (some thousand tensors), far below what could exhaust the heap. */
  private static final int MAX_TENSORS = 1 << 17;

  private static final int MAX_KEYS = 1 << 16;
  private static final int MAX_NAME_BYTES = 1024;
  private static final int MAX_VALUE_BYTES = 1 << 24;
  private static final int MAX_DIMS = 8;
  private static final int LENGTH_BYTES = 8;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String file;
  private final MemorySegment bytes;
  private final long dataStart;
  private final JsonCursor cursor;
  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, SafetensorsTensor> tensors = new LinkedHashMap<>();

  SafetensorsParser(String file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
    this.dataStart = LENGTH_BYTES + headLength();
    this.cursor = new JsonCursor(file, bytes, LENGTH_BYTES, dataStart);
    if (bytes.get(ValueLayout.JAVA_BYTE, LENGTH_BYTES) != '{') {
      throw cursor.error("is no safetensors file: the head does not start with '{'");
    }
    readHead();
    requireCovered();
  }

  Map<String, String> metadata() {
    return metadata;
  }

  Map<String, SafetensorsTensor> tensors() {
    return tensors;
  }

  private long headLength() {
    if (bytes.byteSize() < LENGTH_BYTES + 2) {
      throw new SafetensorsException(file, 0, "is no safetensors file: it has only " + bytes.byteSize() + " bytes");
    }
    long length = bytes.get(LONG, 0);
    if (length < 2 || length > MAX_HEAD_BYTES || length > bytes.byteSize() - LENGTH_BYTES) {
      throw new SafetensorsException(file, 0, "the head has " + Long.toUnsignedString(length) + " bytes; the file has "
          + (bytes.byteSize() - LENGTH_BYTES) + " left, and no head exceeds " + MAX_HEAD_BYTES);
    }
    return length;
  }

  private void readHead() {
    cursor.expect('{', "the head");
    if (!cursor.take('}')) {
      boolean sawMetadata = false;
      do {
        long at = cursor.position();
        String name = cursor.readKey("a tensor name", MAX_NAME_BYTES);
        if (!name.equals("__metadata__")) {
          readTensor(name, at);
        } else if (sawMetadata) {
          throw new SafetensorsException(file, at, "__metadata__ appears twice");
        } else {
          sawMetadata = true;
          readMetadata();
        }
      } while (cursor.more('}', "the head"));
    }
    cursor.expectEnd("the head");
  }

  private void readMetadata() {
    cursor.expect('{', "__metadata__");
    if (cursor.take('}')) {
      return;
    }
    do {
      long at = cursor.position();
      String key = cursor.readKey("a metadata key", MAX_NAME_BYTES);
      if (metadata.put(key, cursor.readString("metadata '" + key + "'", MAX_VALUE_BYTES)) != null) {
        throw new SafetensorsException(file, at, "metadata '" + key + "' appears twice");
      }
      if (metadata.size() > MAX_KEYS) {
        throw new SafetensorsException(file, at, "has more than " + MAX_KEYS + " metadata values");
      }
    } while (cursor.more('}', "__metadata__"));
  }

  private void readTensor(String name, long at) {
    String what = "tensor '" + name + "'";
    SafetensorsType type = null;
    long[] shape = null;
    long[] range = null;
    cursor.expect('{', what);
    do {
      String key = cursor.readKey(what, MAX_NAME_BYTES);
      boolean twice = switch (key) {
        case "dtype" -> type != null;
        case "shape" -> shape != null;
        case "data_offsets" -> range != null;
        default -> throw bad(name, at, "has a field '" + key + "', which the format does not have");
      };
      if (twice) {
        throw bad(name, at, "has " + key + " twice");
      }
      switch (key) {
        case "dtype" -> type = readType(name, at);
        case "shape" -> shape = readNaturals(what + " shape", MAX_DIMS);
        default -> range = readNaturals(what + " data_offsets", 2);
      }
    } while (cursor.more('}', what));
    if (type == null || shape == null || range == null || range.length != 2) {
      throw bad(name, at, "needs dtype, shape and two data_offsets");
    }
    add(name, at, type, shape, range);
  }

  private SafetensorsType readType(String name, long at) {
    String text = cursor.readString("tensor '" + name + "' dtype", MAX_NAME_BYTES);
    SafetensorsType type = SafetensorsType.byName(text);
    if (type == null) {
      throw bad(name, at, "has dtype '" + text + "'; known are " + Arrays.toString(SafetensorsType.values()));
    }
    return type;
  }

  private long[] readNaturals(String what, int limit) {
    long[] values = new long[limit];
    int count = 0;
    cursor.expect('[', what);
    if (!cursor.take(']')) {
      do {
        if (count == limit) {
          throw cursor.error(what + " has more than " + limit + " numbers");
        }
        values[count++] = cursor.readNatural(what);
      } while (cursor.more(']', what));
    }
    return Arrays.copyOf(values, count);
  }

  private void add(String name, long at, SafetensorsType type, long[] shape, long[] range) {
    long size = byteSize(name, at, type, shape);
    long room = bytes.byteSize() - dataStart;
    if (range[0] > range[1] || range[1] > room) {
      throw bad(name, at, "lies at data bytes " + range[0] + " to " + range[1] + ", the file has " + room + " data bytes");
    }
    if (range[1] - range[0] != size) {
      throw bad(name, at, "has " + (range[1] - range[0]) + " bytes, its shape and dtype need " + size);
    }
    long start = dataStart + range[0];
    if (tensors.put(name, new SafetensorsTensor(file, name, type, shape, start, bytes.asSlice(start, size))) != null) {
      throw bad(name, at, "appears twice");
    }
    if (tensors.size() > MAX_TENSORS) {
      throw bad(name, at, "is one of more than " + MAX_TENSORS);
    }
  }

  private long byteSize(String name, long at, SafetensorsType type, long[] shape) {
    long bits = type.bits();
    for (long dim : shape) {
      if (dim != 0 && bits > Long.MAX_VALUE / dim) {
        throw bad(name, at, "has more than 2^63 bits");
      }
      bits *= dim;
    }
    if (bits % 8 != 0) {
      throw bad(name, at, "has " + bits + " bits, no whole number of bytes");
    }
    return bits / 8;
  }

  /** The format has neither gaps nor overlaps: the data bytes belong to exactly one tensor each. */
  private void requireCovered() {
    List<SafetensorsTensor> sorted = new ArrayList<>(tensors.values());
    sorted.sort(Comparator.comparingLong(SafetensorsTensor::fileOffset).thenComparingLong(SafetensorsTensor::byteSize));
    long covered = dataStart;
    for (SafetensorsTensor tensor : sorted) {
      if (tensor.fileOffset() < covered) {
        throw tensor.error("overlaps the tensor before it, which ends at byte " + covered);
      }
      requireNoGap(covered, tensor.fileOffset());
      covered += tensor.byteSize();
    }
    requireNoGap(covered, bytes.byteSize());
  }

  private void requireNoGap(long covered, long next) {
    if (next > covered) {
      throw new SafetensorsException(file, covered, next - covered + " bytes belong to no tensor");
    }
  }

  private SafetensorsException bad(String name, long at, String problem) {
    return new SafetensorsException(file, at, "tensor '" + name + "' " + problem);
  }
}

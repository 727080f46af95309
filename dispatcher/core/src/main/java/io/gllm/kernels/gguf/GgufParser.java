package io.gllm.kernels.gguf;

import io.gllm.kernels.api.ElementType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Checks the head of a GGUF file: magic, version, metadata, tensor directory, and where each tensor lies. Strings and arrays are
 * walked, not decoded; only keys and names are kept.
 */
final class GgufParser {
  /** Far above real models (below 100 keys, some thousand tensors), far below what could exhaust the heap. */
  private static final long MAX_KEYS = 1 << 16;

  private static final long MAX_TENSORS = 1 << 17;

  /** Real heads have some megabytes; the limit bounds the time to walk the head of a huge, for example sparse, file. */
  private static final long MAX_HEAD_BYTES = 1 << 30;

  private static final int MAX_KEY_BYTES = 65535;
  private static final int MAX_NAME_BYTES = 255;
  private static final int MAX_DIMS = 4;
  private static final int MAX_NESTING = 4;
  private static final int MAGIC = 0x46554747;
  private static final long DEFAULT_ALIGNMENT = 32;
  private static final long MAX_ALIGNMENT = 1 << 20;

  /** Bytes that the shortest possible entry takes: key length, type, value; name length, dimensions, type, offset. */
  private static final long MIN_KEY_ENTRY = 8 + 4 + 1;

  private static final long MIN_TENSOR_ENTRY = 8 + 4 + 4 + 8;

  private final String file;
  private final MemorySegment bytes;
  private final GgufCursor cursor;
  private final Map<String, GgufValue> values = new LinkedHashMap<>();
  private final Map<String, GgufTensor> tensors = new LinkedHashMap<>();
  private final GgufMetadata metadata;
  private final int version;
  private long alignment;
  private long dataStart;

  GgufParser(String file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
    this.cursor = new GgufCursor(file, bytes.asSlice(0, Math.min(bytes.byteSize(), MAX_HEAD_BYTES)), 0);
    this.metadata = new GgufMetadata(file, bytes, values);
    this.version = readVersion();
    long tensorCount = cursor.readCount("the number of tensors", MIN_TENSOR_ENTRY, MAX_TENSORS);
    long keyCount = cursor.readCount("the number of metadata values", MIN_KEY_ENTRY, MAX_KEYS);
    for (long i = 0; i < keyCount; i++) {
      readKey();
    }
    readTensors(tensorCount);
  }

  int version() {
    return version;
  }

  GgufMetadata metadata() {
    return metadata;
  }

  Map<String, GgufTensor> tensors() {
    return tensors;
  }

  private int readVersion() {
    if (cursor.readInt("the magic") != MAGIC) {
      throw new GgufException(file, 0, "is no GGUF file: it does not start with 'GGUF'");
    }
    int number = cursor.readInt("the version");
    if (number != 2 && number != 3) {
      throw new GgufException(file, 4, unsupported(number));
    }
    return number;
  }

  private static String unsupported(int number) {
    int swapped = Integer.reverseBytes(number);
    if (swapped >= 1 && swapped <= 3) {
      return "is a big-endian GGUF file (version " + swapped + "); only little-endian files are supported";
    }
    return "has GGUF version " + Integer.toUnsignedString(number) + "; versions 2 and 3 are supported, older files must be converted again";
  }

  private void readKey() {
    long at = cursor.position();
    String key = cursor.readString("a metadata key", MAX_KEY_BYTES);
    if (key.isEmpty()) {
      throw new GgufException(file, at, "a metadata key is empty");
    }
    if (values.put(key, readValue(key)) != null) {
      throw new GgufException(file, at, "metadata '" + key + "' appears twice");
    }
  }

  private GgufValue readValue(String key) {
    GgufType type = readType(key);
    if (type != GgufType.ARRAY) {
      long offset = cursor.position();
      skipValues(key, type, 1);
      return new GgufValue(type, null, offset, 1);
    }
    GgufType elements = readType(key);
    long count = readLength(key, elements);
    long offset = cursor.position();
    skipElements(key, elements, count, 1);
    return new GgufValue(type, elements, offset, count);
  }

  private GgufType readType(String key) {
    long at = cursor.position();
    int id = cursor.readInt(key);
    GgufType type = GgufType.byId(id);
    if (type == null) {
      throw new GgufException(file, at, "metadata '" + key + "' has unknown type " + Integer.toUnsignedString(id));
    }
    return type;
  }

  /** The length of an array whose elements take at least a byte, a length (strings) or a type and a length (arrays). */
  private long readLength(String key, GgufType elements) {
    long least = elements == GgufType.ARRAY ? 12 : elements == GgufType.STRING ? 8 : elements.bytes();
    return cursor.readCount("the length of metadata '" + key + "'", least, Long.MAX_VALUE);
  }

  private void skipElements(String key, GgufType type, long count, int depth) {
    if (type != GgufType.ARRAY) {
      skipValues(key, type, count);
      return;
    }
    if (depth >= MAX_NESTING) {
      throw cursor.error("metadata '" + key + "' nests arrays more than " + MAX_NESTING + " deep");
    }
    for (long i = 0; i < count; i++) {
      GgufType inner = readType(key);
      skipElements(key, inner, readLength(key, inner), depth + 1);
    }
  }

  private void skipValues(String key, GgufType type, long count) {
    switch (type) {
      case STRING -> {
        for (long i = 0; i < count; i++) {
          cursor.skipString(key);
        }
      }
      case BOOL -> {
        for (long i = 0; i < count; i++) {
          checkBool(key);
        }
      }
      default -> cursor.skip(count * type.bytes(), key);
    }
  }

  private void checkBool(String key) {
    long at = cursor.position();
    byte value = cursor.readByte(key);
    if (value != 0 && value != 1) {
      throw new GgufException(file, at, "metadata '" + key + "' is a truth value of " + value + ", expected 0 or 1");
    }
  }

  private void readTensors(long count) {
    alignment = metadata.integer("general.alignment", DEFAULT_ALIGNMENT);
    if (alignment < 8 || alignment > MAX_ALIGNMENT || Long.bitCount(alignment) != 1) {
      throw metadata.invalid("general.alignment", "is " + alignment + ", expected a power of two from 8 to " + MAX_ALIGNMENT);
    }
    List<Entry> entries = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      entries.add(readEntry());
    }
    dataStart = (cursor.position() + alignment - 1) & -alignment;
    for (Entry entry : entries) {
      if (tensors.put(entry.name, place(entry)) != null) {
        throw new GgufException(file, entry.at, "tensor '" + entry.name + "' appears twice");
      }
    }
    requireDisjoint();
  }

  /** One line of the tensor directory, at byte {@code at}, before its data were found. */
  private record Entry(String name, long[] dims, int typeId, long offset, long at) {}

  private Entry readEntry() {
    long at = cursor.position();
    String name = cursor.readString("a tensor name", MAX_NAME_BYTES);
    if (name.isEmpty()) {
      throw new GgufException(file, at, "a tensor name is empty");
    }
    int rank = cursor.readInt("tensor '" + name + "'");
    if (rank < 0 || rank > MAX_DIMS) {
      throw new GgufException(file, at,
          "tensor '" + name + "' has " + Integer.toUnsignedString(rank) + " dimensions, more than " + MAX_DIMS);
    }
    long[] dims = new long[rank];
    for (int i = 0; i < rank; i++) {
      dims[i] = cursor.readLong("tensor '" + name + "'");
    }
    int typeId = cursor.readInt("tensor '" + name + "'");
    return new Entry(name, dims, typeId, cursor.readLong("tensor '" + name + "'"), at);
  }

  private GgufTensor place(Entry entry) {
    long size = byteSize(entry, elements(entry));
    long room = bytes.byteSize() - dataStart;
    if (entry.offset < 0 || entry.offset % alignment != 0) {
      throw bad(entry, "starts at data byte " + Long.toUnsignedString(entry.offset) + ", no multiple of the alignment " + alignment);
    }
    if (entry.offset > room || size > room - entry.offset) {
      throw bad(entry, "takes " + size + " bytes from data byte " + entry.offset + ", the file has " + Math.max(room, 0) + " data bytes");
    }
    return new GgufTensor(file, entry.name, entry.typeId, entry.dims, dataStart + entry.offset, size, bytes);
  }

  private long elements(Entry entry) {
    long product = 1;
    for (long dim : entry.dims) {
      if (dim <= 0) {
        throw bad(entry, "has a dimension of " + Long.toUnsignedString(dim));
      }
      if (product > Long.MAX_VALUE / dim) {
        throw bad(entry, "has more than 2^63 elements");
      }
      product *= dim;
    }
    return product;
  }

  /** The bytes of the tensor; of one with unknown elements only the first byte is known to be its own. */
  private long byteSize(Entry entry, long elements) {
    ElementType type = GgufTensor.typeById(entry.typeId);
    if (type == null) {
      return 1;
    }
    long row = entry.dims.length == 0 ? 1 : entry.dims[0];
    if (row % type.blockElements() != 0) {
      throw bad(entry, "has rows of " + row + " elements, no multiple of the " + type.label() + " block of " + type.blockElements());
    }
    long blocks = elements / type.blockElements();
    if (blocks > Long.MAX_VALUE / type.blockBytes()) {
      throw bad(entry, "has more than 2^63 bytes");
    }
    return blocks * type.blockBytes();
  }

  private void requireDisjoint() {
    List<GgufTensor> sorted = new ArrayList<>(tensors.values());
    sorted.sort(Comparator.comparingLong(GgufTensor::fileOffset));
    for (int i = 1; i < sorted.size(); i++) {
      GgufTensor before = sorted.get(i - 1);
      GgufTensor after = sorted.get(i);
      if (before.end() > after.fileOffset()) {
        throw new GgufException(file, after.fileOffset(), "tensors '" + before.name() + "' and '" + after.name() + "' overlap");
      }
    }
  }

  private GgufException bad(Entry entry, String problem) {
    return new GgufException(file, entry.at, "tensor '" + entry.name + "' " + problem);
  }
}

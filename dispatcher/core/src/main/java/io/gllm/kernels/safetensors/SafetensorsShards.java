package io.gllm.kernels.safetensors;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The shards of a checkpoint, by its index {@code model.safetensors.index.json}: an object with {@code weight_map}, from the name of
 * a tensor to the file that holds it, and any {@code metadata}. Each file must lie beside the index and hold exactly the tensors that
 * the index places there.
 *
 * <p>Thread-safe.
 */
public final class SafetensorsShards implements SafetensorsSource {
  private static final long MAX_INDEX_BYTES = 100_000_000;
  private static final int MAX_SHARDS = 4096;
  private static final int MAX_TENSORS = 1 << 17;
  private static final int MAX_NAME_BYTES = 1024;

  private final String name;
  private final Map<String, String> fileOf;
  private final Map<String, SafetensorsFile> files = new LinkedHashMap<>();
  private final Map<String, SafetensorsTensor> tensors = new LinkedHashMap<>();

  private SafetensorsShards(String name, Map<String, String> fileOf) {
    this.name = name;
    this.fileOf = fileOf;
  }

  /**
   * Reads an index, then maps and checks all its shards.
   *
   * @throws SafetensorsException if a file cannot be read or breaks a rule
   */
  public static SafetensorsShards open(Path index) {
    SafetensorsShards shards;
    try (Arena arena = Arena.ofConfined()) {
      shards = SafetensorsFile.mapped(index, arena, (name, bytes) -> new SafetensorsShards(name, readIndex(name, bytes)));
    }
    try {
      shards.openAll(index);
      return shards;
    } catch (RuntimeException | Error e) {
      shards.close();
      throw e;
    }
  }

  private static Map<String, String> readIndex(String name, MemorySegment bytes) {
    if (bytes.byteSize() > MAX_INDEX_BYTES) {
      throw new SafetensorsException(name, 0, "has " + bytes.byteSize() + " bytes; no index exceeds " + MAX_INDEX_BYTES);
    }
    JsonCursor cursor = new JsonCursor(name, bytes, 0, bytes.byteSize());
    Map<String, String> fileOf = null;
    boolean sawMetadata = false;
    cursor.expect('{', "the index");
    do {
      String key = cursor.readKey("the index", MAX_NAME_BYTES);
      if (key.equals("weight_map") && fileOf == null) {
        fileOf = readWeightMap(name, cursor);
      } else if (key.equals("metadata") && !sawMetadata) {
        sawMetadata = true;
        cursor.skipValue("the metadata", MAX_INDEX_BYTES);
      } else {
        throw cursor.error("the index has a field '" + key + "' that is unknown or appears twice");
      }
    } while (cursor.more('}', "the index"));
    cursor.expectEnd("the index");
    if (fileOf == null) {
      throw new SafetensorsException(name, 0, "the index has no weight_map");
    }
    return fileOf;
  }

  private static Map<String, String> readWeightMap(String name, JsonCursor cursor) {
    Map<String, String> fileOf = new LinkedHashMap<>();
    cursor.expect('{', "weight_map");
    if (cursor.take('}')) {
      return fileOf;
    }
    do {
      long at = cursor.position();
      String tensor = cursor.readKey("weight_map", MAX_NAME_BYTES);
      String file = cursor.readString("the file of tensor '" + tensor + "'", MAX_NAME_BYTES);
      // A file elsewhere would let an index read, and by messages show, what is not part of the checkpoint.
      if (!file.matches("[^/\\\\:\\x00-\\x1f]+\\.safetensors")) {
        throw new SafetensorsException(name, at,
            "tensor '" + tensor + "' is said to be in '" + file + "', no safetensors file beside the index");
      }
      if (fileOf.put(tensor, file) != null) {
        throw new SafetensorsException(name, at, "tensor '" + tensor + "' appears twice");
      }
      if (fileOf.size() > MAX_TENSORS) {
        throw new SafetensorsException(name, at, "has more than " + MAX_TENSORS + " tensors");
      }
    } while (cursor.more('}', "weight_map"));
    return fileOf;
  }

  private void openAll(Path index) {
    for (Map.Entry<String, String> entry : fileOf.entrySet()) {
      SafetensorsFile file = shard(index, entry.getValue());
      if (!file.hasTensor(entry.getKey())) {
        throw new SafetensorsException(name, -1, "tensor '" + entry.getKey() + "' is not in " + file.name());
      }
      tensors.put(entry.getKey(), file.tensor(entry.getKey()));
    }
    for (SafetensorsFile file : files.values()) {
      for (SafetensorsTensor tensor : file.tensors()) {
        if (!file.name().equals(fileOf.get(tensor.name()))) {
          throw tensor.error("is not placed in this file by " + name);
        }
      }
    }
  }

  private SafetensorsFile shard(Path index, String file) {
    SafetensorsFile open = files.get(file);
    if (open == null) {
      if (files.size() == MAX_SHARDS) {
        throw new SafetensorsException(name, -1, "has more than " + MAX_SHARDS + " shards");
      }
      open = SafetensorsFile.open(index.resolveSibling(file));
      files.put(file, open);
    }
    return open;
  }

  @Override
  public String name() {
    return name;
  }

  /** The shards in the order in which the index names them. */
  public Collection<SafetensorsFile> files() {
    return new ArrayList<>(files.values());
  }

  /** All tensors in the order of the index. */
  @Override
  public Collection<SafetensorsTensor> tensors() {
    return new ArrayList<>(tensors.values());
  }

  @Override
  public boolean hasTensor(String tensor) {
    return tensors.containsKey(tensor);
  }

  @Override
  public SafetensorsTensor tensor(String tensor) {
    SafetensorsTensor found = tensors.get(tensor);
    if (found == null) {
      throw new SafetensorsException(name, -1, "there is no tensor '" + tensor + "'");
    }
    return found;
  }

  @Override
  public void close() {
    files.values().forEach(SafetensorsFile::close);
  }

  @Override
  public String toString() {
    return name + " (" + files.size() + " safetensors files, " + tensors.size() + " tensors)";
  }
}

package io.gllm.kernels.safetensors;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A safetensors file, mapped into memory. Opening checks the whole head and the place of every tensor; a file that breaks a rule is
 * rejected with a {@link SafetensorsException} that says where and why, before anything is allocated on its word. The data of
 * tensors are not looked at. The file must not change while it is open.
 *
 * <p>Thread-safe.
 */
public final class SafetensorsFile implements SafetensorsSource {
  private final Arena arena;
  private final String name;
  private final Map<String, String> metadata;
  private final Map<String, SafetensorsTensor> tensors;

  private SafetensorsFile(Arena arena, String name, MemorySegment bytes) {
    SafetensorsParser parser = new SafetensorsParser(name, bytes);
    this.arena = arena;
    this.name = name;
    this.metadata = Collections.unmodifiableMap(parser.metadata());
    this.tensors = Collections.unmodifiableMap(parser.tensors());
  }

  /**
   * Maps and checks a file.
   *
   * @throws SafetensorsException if it cannot be read or is not a valid safetensors file
   */
  public static SafetensorsFile open(Path path) {
    Arena arena = Arena.ofShared();
    try {
      return mapped(path, arena, (name, bytes) -> new SafetensorsFile(arena, name, bytes));
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Maps a regular file for as long as {@code arena} lives and gives its name and bytes to {@code use}. */
  static <R> R mapped(Path path, Arena arena, BiFunction<String, MemorySegment, R> use) {
    String name = String.valueOf(path.getFileName());
    if (!Files.isRegularFile(path)) {
      throw new SafetensorsException(name, -1, Files.exists(path) ? "is no regular file" : "there is no such file: " + path);
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return use.apply(name, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
    } catch (IOException e) {
      throw new SafetensorsException(name, "cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public String name() {
    return name;
  }

  /** The free texts in the head of the file. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** All tensors in the order of the head. */
  @Override
  public Collection<SafetensorsTensor> tensors() {
    return tensors.values();
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

  /** Whether the file is open. */
  public boolean isOpen() {
    return arena.scope().isAlive();
  }

  @Override
  public void close() {
    if (isOpen()) {
      arena.close();
    }
  }

  @Override
  public String toString() {
    return name + " (safetensors, " + metadata.size() + " values, " + tensors.size() + " tensors)";
  }
}

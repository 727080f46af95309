package io.gllm.kernels.gguf;

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

/**
 * A model file in GGUF version 2 or 3, little-endian, mapped into memory. Opening checks the whole head of the file and the place
 * of every tensor; a file that breaks a rule is rejected with a {@link GgufException} that says where and why, before anything is
 * allocated on its word. The data of tensors are not looked at.
 *
 * <p>Closing unmaps the file. Buffers and segments taken from it must not be used afterwards: operators reject such buffers, and a
 * close while an operator still runs on them is the caller's mistake. The file must not change while it is open.
 *
 * <p>Thread-safe.
 */
public final class GgufFile implements AutoCloseable {
  private final Arena arena;
  private final String name;
  private final int version;
  private final GgufMetadata metadata;
  private final Map<String, GgufTensor> tensors;

  private GgufFile(Arena arena, String name, MemorySegment bytes) {
    GgufParser parser = new GgufParser(name, bytes);
    this.arena = arena;
    this.name = name;
    this.version = parser.version();
    this.metadata = parser.metadata();
    this.tensors = Collections.unmodifiableMap(parser.tensors());
  }

  /**
   * Maps and checks a file.
   *
   * @throws GgufException if it cannot be read or is not a valid GGUF file
   */
  public static GgufFile open(Path path) {
    String name = String.valueOf(path.getFileName());
    if (!Files.isRegularFile(path)) {
      throw new GgufException(name, -1, Files.exists(path) ? "is no regular file" : "there is no such file: " + path);
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new GgufFile(arena, name, bytes);
    } catch (IOException e) {
      arena.close();
      throw new GgufException(name, "cannot be read: " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Name of the file, without its folder. */
  public String name() {
    return name;
  }

  /** Version of the format, 2 or 3. */
  public int version() {
    return version;
  }

  /** The typed values in the head of the file. */
  public GgufMetadata metadata() {
    return metadata;
  }

  /** All tensors in the order of the file. */
  public Collection<GgufTensor> tensors() {
    return tensors.values();
  }

  /** Whether there is a tensor of this name. */
  public boolean hasTensor(String tensor) {
    return tensors.containsKey(tensor);
  }

  /**
   * The tensor of this name.
   *
   * @throws GgufException if there is none
   */
  public GgufTensor tensor(String tensor) {
    GgufTensor found = tensors.get(tensor);
    if (found == null) {
      throw new GgufException(name, -1, "there is no tensor '" + tensor + "'");
    }
    return found;
  }

  /** Whether the file is open. */
  public boolean isOpen() {
    return arena.scope().isAlive();
  }

  /** Unmaps the file. Closing twice is harmless. */
  @Override
  public void close() {
    if (isOpen()) {
      arena.close();
    }
  }

  @Override
  public String toString() {
    return name + " (GGUF v" + version + ", " + metadata.keys().size() + " values, " + tensors.size() + " tensors)";
  }
}

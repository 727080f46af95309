package io.gllm.kernels.safetensors;

import java.nio.file.Path;
import java.util.Collection;

/** The tensors of a checkpoint: of one file, or of all shards that an index file names. Thread-safe. */
public sealed interface SafetensorsSource extends AutoCloseable permits SafetensorsFile, SafetensorsShards {
  /**
   * Opens a safetensors file, or an index with all its shards if the name ends with {@code .json}.
   *
   * @throws SafetensorsException if a file cannot be read or breaks a rule
   */
  static SafetensorsSource open(Path path) {
    return String.valueOf(path.getFileName()).endsWith(".json") ? SafetensorsShards.open(path) : SafetensorsFile.open(path);
  }

  /** Name of the file that was opened, without its folder. */
  String name();

  /** All tensors. */
  Collection<SafetensorsTensor> tensors();

  /** Whether there is a tensor of this name. */
  boolean hasTensor(String tensor);

  /**
   * The tensor of this name.
   *
   * @throws SafetensorsException if there is none
   */
  SafetensorsTensor tensor(String tensor);

  /** Unmaps what was opened; tensors must not be used afterwards. Closing twice is harmless. */
  @Override
  void close();
}

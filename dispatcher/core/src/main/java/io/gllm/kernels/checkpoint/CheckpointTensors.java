package io.gllm.kernels.checkpoint;

import io.gllm.kernels.safetensors.SafetensorsSource;
import io.gllm.kernels.safetensors.SafetensorsTensor;
import io.gllm.kernels.safetensors.SafetensorsType;
import java.util.Arrays;
import java.util.function.Supplier;

/** The tensors of one matrix, which share a prefix, with checks of type and shape. */
final class CheckpointTensors {
  private final SafetensorsSource source;
  private final String prefix;

  CheckpointTensors(SafetensorsSource source, String prefix) {
    this.source = source;
    this.prefix = prefix;
  }

  private SafetensorsTensor tensor(String name, SafetensorsType type, int rank) {
    SafetensorsTensor tensor = source.tensor(prefix + "." + name);
    if (tensor.type() != type || tensor.shape().length != rank) {
      throw tensor.error("is " + tensor.type() + Arrays.toString(tensor.shape()) + ", expected " + type + " with " + rank + " dimensions");
    }
    for (int i = 0; i < rank; i++) {
      size(tensor, i);
    }
    return tensor;
  }

  SafetensorsTensor matrix(String name, SafetensorsType type) {
    return tensor(name, type, 2);
  }

  boolean has(String name) {
    return source.hasTensor(prefix + "." + name);
  }

  SafetensorsTensor vector(String name, SafetensorsType type) {
    return tensor(name, type, 1);
  }

  int[] ints(String name) {
    return vector(name, SafetensorsType.I32).segment().toArray(PackedWords.INT);
  }

  /** The numbers, or null if there is no such tensor. */
  int[] optionalInts(String name) {
    return has(name) ? ints(name) : null;
  }

  static int size(SafetensorsTensor tensor, int dimension) {
    long size = tensor.shape()[dimension];
    if (size < 1 || size > Integer.MAX_VALUE) {
      throw tensor.error("has a dimension of " + size);
    }
    return (int) size;
  }

  void requireShape(SafetensorsTensor tensor, long... shape) {
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw tensor
          .error("has shape " + Arrays.toString(tensor.shape()) + ", the other tensors of the matrix need " + Arrays.toString(shape));
    }
  }

  /** Makes a matrix; what it finds wrong is said with the place of {@code tensor}. */
  static <M> M checked(SafetensorsTensor tensor, Supplier<M> matrix) {
    try {
      return matrix.get();
    } catch (IllegalArgumentException e) {
      throw tensor.error("belongs to a matrix that is wrong: " + e.getMessage());
    }
  }
}

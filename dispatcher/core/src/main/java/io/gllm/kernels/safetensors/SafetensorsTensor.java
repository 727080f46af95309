package io.gllm.kernels.safetensors;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A tensor of a {@link SafetensorsFile}. Its elements are used where they lie in the mapped file, without a copy, and must not be
 * used after the file was closed.
 */
public final class SafetensorsTensor {
  private final String file;
  private final String name;
  private final SafetensorsType type;
  private final long[] shape;
  private final long offset;
  private final MemorySegment segment;

  SafetensorsTensor(String file, String name, SafetensorsType type, long[] shape, long offset, MemorySegment segment) {
    this.file = file;
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.offset = offset;
    this.segment = segment;
  }

  /** Name of the file, for messages. */
  public String file() {
    return file;
  }

  /** Name, for example {@code model.layers.0.mlp.up_proj.qweight}. */
  public String name() {
    return name;
  }

  /** What the elements are. */
  public SafetensorsType type() {
    return type;
  }

  /** Lengths of the dimensions, the slowest first: a matrix of n rows with k columns has {@code [n, k]}; a scalar has none. */
  public long[] shape() {
    return shape.clone();
  }

  /** Bytes of the data. */
  public long byteSize() {
    return segment.byteSize();
  }

  /** Byte of the file at which the data start. The format promises no alignment. */
  public long fileOffset() {
    return offset;
  }

  /** The data, read-only, without a copy; to be read with unaligned layouts. */
  public MemorySegment segment() {
    return segment;
  }

  /**
   * The data as an operand of operators, read-only, without a copy.
   *
   * @throws SafetensorsException if operators have no such type, or if the elements are not aligned: the segment can be copied then
   */
  public Buffer buffer() {
    DType operand = type.operand();
    if (operand == null) {
      throw error("is " + type + ", which no operator takes");
    }
    if (offset % operand.blockBytes() != 0) {
      throw error("starts at byte " + offset + ", no multiple of the " + operand.blockBytes() + " bytes of " + type + "; copy it");
    }
    return Buffer.wrap(segment, operand);
  }

  /** A problem with this tensor. */
  public SafetensorsException error(String problem) {
    return new SafetensorsException(file, offset, "tensor '" + name + "' " + problem);
  }

  @Override
  public String toString() {
    return name + " " + type + Arrays.toString(shape);
  }
}

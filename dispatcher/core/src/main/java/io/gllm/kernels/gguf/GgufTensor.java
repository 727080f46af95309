package io.gllm.kernels.gguf;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A tensor of a {@link GgufFile}. Its elements are used where they lie in the mapped file, without a copy, and must not be used
 * after the file was closed.
 */
public final class GgufTensor {
  private final String file;
  private final String name;
  private final int typeId;
  private final ElementType type;
  private final long[] dims;
  private final long offset;
  private final long byteSize;
  private final MemorySegment bytes;

  GgufTensor(String file, String name, int typeId, long[] dims, long offset, long byteSize, MemorySegment bytes) {
    this.file = file;
    this.name = name;
    this.typeId = typeId;
    this.type = typeById(typeId);
    this.dims = dims;
    this.offset = offset;
    this.byteSize = byteSize;
    this.bytes = bytes;
  }

  /** The element type with this id in files, or null if this library has none for it. */
  static ElementType typeById(int id) {
    return switch (id) {
      case 0 -> DType.F32;
      case 1 -> DType.F16;
      case 24 -> DType.I8;
      case 26 -> DType.I32;
      case 30 -> DType.BF16;
      default -> quantFormat(id);
    };
  }

  private static QuantFormat quantFormat(int id) {
    for (QuantFormat format : QuantFormat.values()) {
      if (format.ggufId() == id) {
        return format;
      }
    }
    return null;
  }

  /** Name of the file, for messages. */
  public String file() {
    return file;
  }

  /** Name, for example {@code blk.0.attn_q.weight}. */
  public String name() {
    return name;
  }

  /** Whether the element type is known; the data of other tensors cannot be asked for. */
  public boolean isKnown() {
    return type != null;
  }

  /** The id of the element type in the file. */
  public int typeId() {
    return typeId;
  }

  /**
   * What the elements are.
   *
   * @throws GgufException if the type is not known
   */
  public ElementType type() {
    if (type == null) {
      throw new GgufException(file, offset, "tensor '" + name + "' has elements of unknown type " + typeId);
    }
    return type;
  }

  /** Lengths of the dimensions, the fastest first: a matrix of n rows with k columns has {@code [k, n]}. */
  public long[] dims() {
    return dims.clone();
  }

  /** Length of dimension {@code index}, 1 beyond the last. */
  public long dim(int index) {
    return index < dims.length ? dims[index] : 1;
  }

  /** Number of elements. */
  public long elements() {
    long product = 1;
    for (long dim : dims) {
      product *= dim;
    }
    return product;
  }

  /**
   * Bytes of the data.
   *
   * @throws GgufException if the type is not known
   */
  public long byteSize() {
    type();
    return byteSize;
  }

  /** Byte of the file at which the data start. */
  public long fileOffset() {
    return offset;
  }

  /** The first byte of the file that is not known to belong to this tensor. */
  long end() {
    return offset + byteSize;
  }

  /**
   * The data, read-only, without a copy.
   *
   * @throws GgufException if the type is not known
   */
  public MemorySegment segment() {
    type();
    return bytes.asSlice(offset, byteSize);
  }

  /**
   * The data as an operand of operators, read-only, without a copy.
   *
   * @throws GgufException if the type is not known
   */
  public Buffer buffer() {
    return Buffer.wrap(segment(), type());
  }

  @Override
  public String toString() {
    return name + " " + (type == null ? "type " + typeId : type.label()) + Arrays.toString(dims);
  }
}

package io.gllm.kernels.api;

import io.gllm.kernels.api.spi.DeviceMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/**
 * A raw typed slice of memory: element type, offset and length on a device or on the host. There are no shapes and no
 * strides; operators take sizes as arguments.
 *
 * <p>A buffer that was allocated owns its memory and is closed explicitly; {@linkplain #slice slices} and
 * {@linkplain #wrap wrapped} segments do not own theirs. Using a closed buffer throws {@link IllegalStateException}.
 * Slices are immutable and may be shared between threads.
 */
public final class Buffer implements AutoCloseable {
  private final DeviceMemory memory;
  private final ElementType type;
  private final long offset;
  private final long length;
  private final Layout layout;
  private final long rows;
  private final boolean owner;
  private final MemorySegment segment;

  private Buffer(DeviceMemory memory, ElementType type, long offset, long length, Layout layout, long rows, boolean owner) {
    this.memory = memory;
    this.type = type;
    this.offset = offset;
    this.length = length;
    this.layout = layout;
    this.rows = rows;
    this.owner = owner;
    MemorySegment whole = memory.segment();
    this.segment = whole == null ? null : whole.asSlice(offset, byteSizeOf(memory, type, offset, length, layout));
  }

  private static long byteSizeOf(DeviceMemory memory, ElementType type, long offset, long length, Layout layout) {
    return layout == Layout.PACKED ? memory.byteSize() - offset : type.bytesFor(length);
  }

  /**
   * The whole of {@code memory} as {@code length} elements of {@code type}; closing the buffer closes the memory.
   *
   * @throws IllegalArgumentException if the elements do not fit
   */
  public static Buffer owning(DeviceMemory memory, ElementType type, long length) {
    requireFits(memory, type, 0, length);
    return new Buffer(memory, type, 0, length, Layout.ROWS, 0, true);
  }

  /** The whole of {@code memory} as a packed matrix of n x k elements, in a layout private to the device. */
  public static Buffer packed(DeviceMemory memory, ElementType type, long n, long k) {
    return new Buffer(memory, type, 0, Math.multiplyExact(n, k), Layout.PACKED, n, true);
  }

  /**
   * Host memory as a buffer, without a copy. The segment must be off-heap and must stay alive, and unchanged by others,
   * while operators use it; a mapped file may be read-only as long as it is only an input.
   *
   * @throws IllegalArgumentException if the segment is on the heap or no whole number of elements
   */
  public static Buffer wrap(MemorySegment segment, ElementType type) {
    Objects.requireNonNull(type, "type");
    if (!segment.isNative()) {
      throw new IllegalArgumentException("only off-heap segments can be wrapped; copy heap arrays with upload()");
    }
    long blocks = segment.byteSize() / type.blockBytes();
    if (segment.byteSize() % type.blockBytes() != 0) {
      throw new IllegalArgumentException(
          segment.byteSize() + " bytes are no whole number of " + type.label() + " blocks of " + type.blockBytes());
    }
    return new Buffer(new HostMemory(segment), type, 0, blocks * type.blockElements(), Layout.ROWS, 0, false);
  }

  /**
   * {@code count} elements from element {@code start}, on the same memory.
   *
   * @throws IllegalArgumentException if the range leaves the buffer or cuts a block
   */
  public Buffer slice(long start, long count) {
    requireRows();
    if (start < 0 || count < 0 || start > length - count) {
      throw new IllegalArgumentException("elements [" + start + ", " + start + "+" + count + ") leave a buffer of " + length);
    }
    return new Buffer(memory, type, offset + type.bytesFor(start), count, layout, 0, false);
  }

  /**
   * The same bytes as elements of another type.
   *
   * @throws IllegalArgumentException if the bytes are no whole number of blocks of {@code other}
   */
  public Buffer as(ElementType other) {
    requireRows();
    long bytes = byteSize();
    if (bytes % other.blockBytes() != 0) {
      throw new IllegalArgumentException(bytes + " bytes are no whole number of " + other.label() + " blocks of " + other.blockBytes());
    }
    return new Buffer(memory, other, offset, bytes / other.blockBytes() * other.blockElements(), layout, 0, false);
  }

  private static void requireFits(DeviceMemory memory, ElementType type, long offset, long length) {
    if (type.bytesFor(length) > memory.byteSize() - offset) {
      throw new IllegalArgumentException(length + " elements of " + type.label() + " exceed " + memory.byteSize() + " bytes");
    }
  }

  private void requireRows() {
    if (layout != Layout.ROWS) {
      throw new IllegalArgumentException("a packed buffer has no addressable elements");
    }
  }

  /** What the elements are. */
  public ElementType type() {
    return type;
  }

  /** Number of elements. */
  public long length() {
    return length;
  }

  /** Number of bytes. */
  public long byteSize() {
    return byteSizeOf(memory, type, offset, length, layout);
  }

  /** Order of the elements. */
  public Layout layout() {
    return layout;
  }

  /** Whether this is a packed matrix of exactly n x k elements. */
  public boolean isPacked(long n, long k) {
    return layout == Layout.PACKED && rows == n && length == n * k;
  }

  /** The memory below. */
  public DeviceMemory memory() {
    return memory;
  }

  /** Address of the first element: a host address, or whatever the device's kernels take. */
  public long address() {
    return memory.address() + offset;
  }

  /** Byte offset of the first element in {@link #memory()}. */
  public long byteOffset() {
    return offset;
  }

  /** The bytes as host memory, or null where the device's memory is not visible to the host. */
  public MemorySegment segment() {
    return segment;
  }

  /** Whether the bytes cannot be written, as those of a file that is mapped for reading. */
  public boolean isReadOnly() {
    return memory.isReadOnly() || segment != null && segment.isReadOnly();
  }

  /** Whether the memory can be used. */
  public boolean isOpen() {
    return memory.isOpen();
  }

  /** Whether the two buffers share at least one byte. */
  public boolean overlaps(Buffer other) {
    if (memory.device() != other.memory.device() && (segment == null || other.segment == null)) {
      return false;
    }
    long a = address();
    long b = other.address();
    return a < b + other.byteSize() && b < a + byteSize();
  }

  /** Whether the two buffers start at the same byte and hold the same type. */
  public boolean sameStart(Buffer other) {
    return address() == other.address() && type == other.type && overlaps(other);
  }

  /**
   * A copy of the elements of a host-visible F32 buffer.
   *
   * @throws IllegalStateException if the buffer is closed or not F32 or not host-visible
   */
  public float[] toFloatArray() {
    requireHost(DType.F32);
    return segment.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  /** A copy of the elements of a host-visible I32 buffer. */
  public int[] toIntArray() {
    requireHost(DType.I32);
    return segment.toArray(ValueLayout.JAVA_INT_UNALIGNED);
  }

  private void requireHost(DType expected) {
    if (!isOpen()) {
      throw new IllegalStateException("the buffer is closed");
    }
    if (type != expected || segment == null) {
      throw new IllegalStateException("not a host-visible " + expected.label() + " buffer: " + this);
    }
  }

  /**
   * Frees the memory after every operator that uses it has finished. Closing twice is harmless.
   *
   * @throws IllegalStateException if this is a slice or a wrapped segment, which own nothing
   */
  @Override
  public void close() {
    if (!owner) {
      throw new IllegalStateException("a slice or wrapped segment does not own its memory");
    }
    memory.close();
  }

  @Override
  public String toString() {
    return type.label() + "[" + length + "]" + (layout == Layout.PACKED ? " packed" : "") + (isOpen() ? "" : " closed");
  }
}

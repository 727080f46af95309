package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.DeviceMemory;

/**
 * One kernel of one queue with its arguments, used again for every call: buffers in binding order, then parameters in order, then a
 * launch. Nothing is allocated. Launches of a queue run in order, each sees what the ones before wrote.
 *
 * {@snippet lang="java" :
 * launch.buffer(x, n).buffer(out, n).value(n).groups(n / 256);
 * }
 */
public abstract class Launch {
  /** Groups in x of a folded launch: no target promises more than 65535. The kernel's GROUP is y * this + x. */
  public static final int FOLD = 32768;

  private final KernelInterface kernel;
  private int buffers;
  private int values;
  private Launcher untested;

  /** For backends. */
  protected Launch(KernelInterface kernel) {
    this.kernel = kernel;
  }

  /** Has the kernel tested by the device's {@link SelfTest} before its first launch. */
  final Launch testedOn(Launcher launcher) {
    untested = launcher;
    return this;
  }

  /** What is launched. */
  public final KernelInterface kernel() {
    return kernel;
  }

  /** The next buffer: the first {@code elements} elements, which start at a whole word; the last word may hold one element more. */
  public final Launch buffer(Buffer buffer, long elements) {
    return words(buffer.memory(), buffer.byteOffset(), (buffer.type().bytesFor(elements) + 3) / 4);
  }

  /** The next buffer: {@code elements} elements from element {@code from}, which starts at a whole word. */
  public final Launch part(Buffer buffer, long from, long elements) {
    return words(buffer.memory(), buffer.byteOffset() + buffer.type().bytesFor(from), (buffer.type().bytesFor(elements) + 3) / 4);
  }

  /** The next buffer: all of it, also if it is packed; it starts at a whole word. */
  public final Launch buffer(Buffer buffer) {
    return words(buffer.memory(), buffer.byteOffset(), (buffer.byteSize() + 3) / 4);
  }

  /** The next buffer: {@code words} 32-bit words from byte {@code offset}, a multiple of four. */
  public final Launch words(DeviceMemory memory, long offset, long words) {
    if ((offset & 3) != 0) {
      throw new KernelException("buffer " + buffers + " of " + kernel.symbol() + " starts within a word: byte " + offset);
    }
    bind(buffers, memory, offset, words * 4);
    buffers++;
    return this;
  }

  /** The next parameter, an unsigned integer. */
  public final Launch value(long value) {
    if (value < 0 || value > 0xffff_ffffL) {
      throw new KernelException("parameter " + values + " of " + kernel.symbol() + " leaves 32 bits: " + value);
    }
    set(values, (int) value);
    values++;
    return this;
  }

  /** The next parameter, the 32 bits of a signed or unsigned integer. */
  public final Launch bits(int value) {
    set(values, value);
    values++;
    return this;
  }

  /** The next parameter. */
  public final Launch value(float value) {
    return bits(Float.floatToRawIntBits(value));
  }

  /** Launches {@code groups} work groups in a row, folded into two dimensions if they are many; none if zero. */
  public final void groups(long groups) {
    if (groups <= FOLD) {
      grid((int) groups, 1, 1);
    } else {
      grid(FOLD, Math.toIntExact((groups + FOLD - 1) / FOLD), 1);
    }
  }

  /** Launches a grid of work groups, at most 65535 in each direction; none if one is zero. */
  public final void grid(int x, int y, int z) {
    boolean complete = buffers == kernel.buffers().size() && values == kernel.parameters().size();
    int givenBuffers = buffers;
    int givenValues = values;
    buffers = 0;
    values = 0;
    if (!complete) {
      throw new KernelException(kernel.symbol() + " was given " + givenBuffers + " buffers and " + givenValues + " parameters");
    }
    if (x < 0 || y < 0 || z < 0 || x > 65535 || y > 65535 || z > 65535) {
      throw new KernelException(kernel.symbol() + " cannot be launched with " + x + " x " + y + " x " + z + " groups");
    }
    if (x != 0 && y != 0 && z != 0) {
      if (untested != null) {
        untested.selfTest().require(untested, kernel.symbol());
        untested = null;
      }
      run(x, y, z);
    }
  }

  /** Sets buffer {@code index}: {@code bytes} bytes, possibly 0, from byte {@code offset}, both multiples of four. */
  protected abstract void bind(int index, DeviceMemory memory, long offset, long bytes);

  /** Sets parameter {@code index}. */
  protected abstract void set(int index, int bits);

  /** Launches a grid of work groups with the arguments that were set; none is zero. */
  protected abstract void run(int x, int y, int z);
}

package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.CodeBook;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The code book of a grid format on the device: the buffer {@code table}, which its kernels have right after the weights. It comes to
 * the queue with the first launch and stays there, in scratch memory that nothing else uses.
 */
final class DeviceTable {
  /** Number of the scratch memory of the first code book, above those of the operators. */
  private static final int FIRST_SCRATCH = 100;

  private final Launcher launcher;
  private final CodeBook book;
  private Buffer table;

  DeviceTable(Launcher launcher, ElementType type) {
    this.launcher = launcher;
    this.book = type instanceof QuantFormat format ? CodeBook.of(format) : null;
  }

  /** Brings the table to the device unless it is there, before a launch gets its first argument: an earlier fault may show here. */
  void load() {
    if (book != null && table == null) {
      MemorySegment values = book.table();
      MemorySegment host = Arena.ofAuto().allocate(values.byteSize(), 64).copyFrom(values);
      Buffer device = launcher.scratch(FIRST_SCRATCH + book.ordinal(), host.byteSize()).slice(0, host.byteSize());
      launcher.copy(Buffer.wrap(host, DType.I8), device);
      launcher.sync(); // the host's copy may go now
      table = device;
    }
  }

  /** Binds the table, if the format has one. */
  void bind(Launch launch) {
    if (book != null) {
      launch.buffer(table);
    }
  }
}

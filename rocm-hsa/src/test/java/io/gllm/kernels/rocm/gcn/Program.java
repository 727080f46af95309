package io.gllm.kernels.rocm.gcn;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;

/**
 * A kernel in a test: its text, with instructions one a line and labels that end in a colon. It starts with the address of its arguments
 * in s[0:1], its group in s2 and the number of the thread in v0.
 */
final class Program {
  final DeviceMemoryMap memory = new DeviceMemoryMap();
  private final Chip chip;
  private int shared;
  private int arguments = -1;
  private long limit = 1_000_000;

  Program(String chip) {
    this.chip = Chip.of(chip);
  }

  Program shared(int bytes) {
    shared = bytes;
    return this;
  }

  /** Bytes of arguments that the kernel declares, where they are not those that it gets. */
  Program declares(int bytes) {
    arguments = bytes;
    return this;
  }

  Program limit(long instructions) {
    limit = instructions;
    return this;
  }

  long words(int... values) {
    long address = memory.allocate(4L * values.length);
    MemorySegment.copy(values, 0, memory.segment(address, 4L * values.length), JAVA_INT, 0, values.length);
    return address;
  }

  long longs(long... values) {
    long address = memory.allocate(8L * values.length);
    MemorySegment.copy(values, 0, memory.segment(address, 8L * values.length), JAVA_LONG, 0, values.length);
    return address;
  }

  int[] read(long address, int n) {
    return memory.segment(address, 4L * n).toArray(JAVA_INT);
  }

  GcnKernel decode(String text) {
    List<String> lines = Stream.of(text.split("\n")).filter(line -> !line.isBlank())
        .map(line -> line.endsWith(":") ? line : "\t" + line.strip()).toList();
    return GcnKernel.decode(chip, new Descriptor(shared, Math.max(0, arguments), 0, 64, 2, 0, 1), new Listing.Text("k", 0, lines));
  }

  /** Runs a kernel; returns how many instructions its waves executed. */
  long run(String text, int groups, int threads, long... pointers) {
    arguments = arguments < 0 ? 8 * pointers.length : arguments;
    long block = memory.allocate(256);
    MemorySegment.copy(pointers, 0, memory.segment(block, 8L * pointers.length), JAVA_LONG, 0, pointers.length);
    return new GcnLaunch(memory).limit(limit).run(decode(text), block, groups, 1, 1, threads);
  }
}

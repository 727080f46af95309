package io.gllm.kernels.cuda.ptx;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** An entry with its memory, for tests: buffers of words, then launches. */
final class Program {
  final DeviceMemoryMap memory = new DeviceMemoryMap();
  private final PtxModule module;

  Program(String text) {
    module = PtxModule.parse(text);
  }

  /** One entry {@code k} with pointers {@code p0 p1 ...}, 32 threads, around a body; its registers are r, f, l, p and h. */
  static Program of(int pointers, String body) {
    StringBuilder head = new StringBuilder(".version 8.0\n.target sm_90\n.address_size 64\n.visible .entry k(");
    StringBuilder loads = new StringBuilder();
    for (int i = 0; i < pointers; i++) {
      head.append(i == 0 ? "" : ", ").append(".param .u64 p").append(i);
      loads.append("ld.param.u64 %l").append(i).append(", [p").append(i).append("];\n");
    }
    return new Program(head + ")\n{\n.reg .b32 %r<40>;\n.reg .b64 %l<20>;\n.reg .pred %p<8>;\n.reg .b16 %h<8>;\n"
        + ".shared .align 16 .b8 buffer[2048];\n" + loads + "mov.u32 %r0, %tid.x;\n" + body + "\nret;\n}\n");
  }

  /** A buffer with these words; its address. */
  long words(int... words) {
    long address = memory.allocate(4L * words.length);
    MemorySegment.copy(words, 0, memory.segment(address, 4L * words.length), JAVA_INT, 0, words.length);
    return address;
  }

  /** A buffer with these floats. */
  long floats(float... values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return words(bits);
  }

  int[] read(long address, int words) {
    return memory.segment(address, 4L * words).toArray(JAVA_INT);
  }

  float[] readFloats(long address, int n) {
    return memory.segment(address, 4L * n).toArray(JAVA_FLOAT);
  }

  PtxEntry entry(String name) {
    return module.entry(name);
  }

  /** Runs an entry: long arguments are pointers, int and float ones words. */
  PtxStatistics run(String name, int groups, int threads, Object... arguments) {
    PtxEntry entry = module.entry(name);
    ByteBuffer block = ByteBuffer.allocate(entry.parameterBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (Object a : arguments) {
      switch (a) {
        case Long l -> block.putLong(l);
        case Integer i -> block.putInt(i);
        case Float f -> block.putFloat(f);
        default -> throw new IllegalArgumentException("" + a);
      }
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(Math.max(1, block.capacity()), 8).asSlice(0, block.capacity());
      parameters.copyFrom(MemorySegment.ofArray(block.array()));
      return new PtxLaunch(memory).watchGlobal().run(entry, new int[]{groups, 1, 1}, new int[]{threads, 1, 1}, parameters);
    }
  }
}

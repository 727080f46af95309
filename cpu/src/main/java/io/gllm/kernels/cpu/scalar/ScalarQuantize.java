package io.gllm.kernels.cpu.scalar;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.Quantize;
import io.gllm.kernels.cpu.CpuContext;
import io.gllm.kernels.cpu.ThreadTeam;
import java.lang.foreign.MemorySegment;

/** f32 to the activation formats Q8_0 and Q8_K. */
final class ScalarQuantize implements Quantize.Kernel, ThreadTeam.Task {
  private final CpuContext context;
  private final QuantFormat format;
  private MemorySegment x;
  private MemorySegment blocks;
  private long n;

  ScalarQuantize(CpuContext context, ElementType type) {
    this.context = context;
    this.format = (QuantFormat) type;
  }

  @Override
  public void run(Buffer x, Buffer blocks, long n) {
    this.x = x.segment();
    this.blocks = blocks.segment();
    this.n = n;
    context.run(this, n * 8);
  }

  @Override
  public void run(int part, int parts) {
    int size = format.blockElements();
    long end = CpuContext.start(n / size, part + 1, parts);
    for (long b = CpuContext.start(n / size, part, parts); b < end; b++) {
      encode(b * size, b * format.blockBytes(), size);
    }
  }

  private void encode(long from, long at, int size) {
    float largest = 0.0f;
    for (int j = 0; j < size; j++) {
      float a = Math.abs(Elements.f32(x, from + j));
      largest = a > largest || Float.isNaN(a) ? a : largest;
    }
    boolean finite = largest <= Float.MAX_VALUE;
    float up = largest < 0x1p-100f ? 0x1p100f : 1.0f;
    float inverse = finite && largest > 0.0f ? 127.0f / (largest * up) : 0.0f;
    if (format == QuantFormat.Q8_0) {
      Elements.shortAt(blocks, at, PortableMath.toHalf(largest / 127.0f));
      codes(from, at + 2, size, up, inverse);
    } else {
      Elements.floatAt(blocks, at, largest / 127.0f);
      codes(from, at + 4, size, up, inverse);
      sums(at);
    }
  }

  private void codes(long from, long at, int size, float up, float inverse) {
    for (int j = 0; j < size; j++) {
      float scaled = inverse == 0.0f ? 0.0f : Elements.f32(x, from + j) * up * inverse;
      Elements.byteAt(blocks, at + j, (byte) Math.clamp((long) Math.rint(scaled), -127, 127));
    }
  }

  private void sums(long at) {
    for (int group = 0; group < 16; group++) {
      int sum = 0;
      for (int j = 0; j < 16; j++) {
        sum += Elements.signed(blocks, at + 4 + group * 16 + j);
      }
      Elements.shortAt(blocks, at + 260 + group * 2L, (short) sum);
    }
  }
}

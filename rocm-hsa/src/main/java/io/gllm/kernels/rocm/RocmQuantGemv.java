package io.gllm.kernels.rocm;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/**
 * Products of few rows with quantised weights (quant_gemv.hip): the activations are quantised once, in the blocks that the CPU uses, or
 * their blocks taken apart (activations.hip), then multiplied as integers with the weights in their GGUF blocks.
 */
final class RocmQuantGemv implements QuantMatMul.Kernel {
  /** Above, the weights are better read by tiles of many rows. */
  static final int MOST_ROWS = 8;
  /** Rows of weights that a group multiplies: two for each of its eight teams of 32 lanes. */
  private static final int GROUP_ROWS = 16;
  /** Activations that a group encodes: four for each of its threads, in blocks of 256 twice as many. */
  private static final int GROUP_ELEMENTS = 1024;
  private static final long MOST_ACTIVATIONS = 1L << 31;

  private final Launcher launcher;
  private final QuantMatMul.Kernel next;
  private final int groupElements;
  private final TunedLaunch floats;
  private final TunedLaunch coded;
  private final TunedLaunch oneRow;
  private final TunedLaunch rows;

  RocmQuantGemv(Launcher launcher, ElementType type, QuantMatMul.Kernel next) {
    this.launcher = launcher;
    this.next = next;
    List<String> symbols = symbols(type);
    oneRow = new TunedLaunch(launcher, symbols.get(0));
    rows = new TunedLaunch(launcher, symbols.get(1));
    floats = new TunedLaunch(launcher, symbols.get(2));
    coded = new TunedLaunch(launcher, symbols.get(3));
    groupElements = activations(type) == QuantFormat.Q8_K ? 2 * GROUP_ELEMENTS : GROUP_ELEMENTS;
  }

  /** What is launched: for one row of activations, for several, to quantise them, to take their blocks apart. */
  static List<String> symbols(ElementType type) {
    QuantFormat activations = activations(type);
    return List.of("quant_gemv_" + type.label(), "quant_gemv_rows_" + type.label(), "activations_f32_" + activations.blockElements(),
        "activations_" + activations.label());
  }

  private static QuantFormat activations(ElementType type) {
    return ((QuantFormat) type).activationFormat();
  }

  @Override
  public void run(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    TunedLaunch prepare = x.type() == DType.F32 ? floats : coded;
    TunedLaunch multiply = m == 1 ? oneRow : rows;
    boolean fits = m >= 1 && m <= MOST_ROWS && n >= 1 && k >= 1 && m * k <= MOST_ACTIVATIONS;
    if (fits && prepare.isGood() && multiply.isGood()) {
      run(prepare.launch(), multiply.launch(), w, x, y, m, n, k);
    } else {
      next.run(w, x, y, m, n, k);
    }
  }

  private void run(Launch prepare, Launch multiply, Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    long count = m * k;
    Buffer planes = launcher.scratch(0, count + count / 4);
    int xLate = TunedLaunch.bytes(prepare, x, x.type().bytesFor(count));
    planes(prepare, planes, count);
    prepare.value(count).value(xLate).groups((count + groupElements - 1) / groupElements);

    int wLate = TunedLaunch.bytes(multiply, w, w.type().bytesFor(n * k));
    planes(multiply, planes, count);
    multiply.buffer(y, m * n).value(m).value(n).value(k).value(wLate).value((w.address() & 15) == 0 ? 1 : 0);
    multiply.groups((n + GROUP_ROWS - 1) / GROUP_ROWS);
  }

  /** Binds codes, a byte each, then steps and sums, a word each for 32 of them. */
  private static void planes(Launch launch, Buffer planes, long count) {
    launch.words(planes.memory(), planes.byteOffset(), count / 4);
    launch.words(planes.memory(), planes.byteOffset() + count, count / 32);
    launch.words(planes.memory(), planes.byteOffset() + count + count / 8, count / 32);
  }
}

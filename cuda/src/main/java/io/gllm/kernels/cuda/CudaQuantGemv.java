package io.gllm.kernels.cuda;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.ArrayList;
import java.util.List;

/** Products of few rows with weights in their GGUF blocks (quant_gemv.cu), which are read once for all of them. */
final class CudaQuantGemv implements QuantMatMul.Kernel {
  /** Above, the weights are better read by tiles of many rows. */
  static final int MOST_ROWS = 8;
  /** Rows of weights that a group multiplies: two for each of its four warps. */
  private static final int GROUP_ROWS = 8;

  private final QuantMatMul.Kernel next;
  private final QuantActivations activations;
  private final TunedLaunch oneRow;
  private final TunedLaunch rows;

  CudaQuantGemv(Launcher launcher, ElementType type, QuantMatMul.Kernel next) {
    this.next = next;
    activations = new QuantActivations(launcher, type);
    oneRow = new TunedLaunch(launcher, symbols(type).get(0));
    rows = new TunedLaunch(launcher, symbols(type).get(1));
  }

  /** What is launched: for one row of activations, for several, and to prepare them. */
  static List<String> symbols(ElementType type) {
    List<String> symbols = new ArrayList<>(List.of("quant_gemv_" + type.label(), "quant_gemv_rows_" + type.label()));
    symbols.addAll(QuantActivations.symbols(type));
    return List.copyOf(symbols);
  }

  @Override
  public void run(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    TunedLaunch multiply = m == 1 ? oneRow : rows;
    boolean fits = m >= 1 && m <= MOST_ROWS && n >= 1 && k >= 1;
    if (fits && activations.canPrepare(x, m * k) && multiply.isGood()) {
      activations.prepare(x, m * k);
      run(multiply.launch(), w, y, m, n, k);
    } else {
      next.run(w, x, y, m, n, k);
    }
  }

  private void run(Launch launch, Buffer w, Buffer y, long m, long n, long k) {
    int late = TunedLaunch.bytes(launch, w, w.type().bytesFor(n * k));
    activations.bind(launch);
    launch.buffer(y, m * n).value(m).value(n).value(k).value(late).value((w.address() & 15) == 0 ? 1 : 0);
    launch.groups((n + GROUP_ROWS - 1) / GROUP_ROWS);
  }
}

package io.gllm.kernels.cuda;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.ArrayList;
import java.util.List;

/** Products of many rows with weights in their GGUF blocks on tensor cores, as integers (mma_quant.cu). */
final class CudaQuantGemm implements QuantMatMul.Kernel {
  private final QuantMatMul.Kernel next;
  private final QuantActivations activations;
  private final TunedLaunch large;
  private final TunedLaunch small;

  CudaQuantGemm(Launcher launcher, ElementType type, QuantMatMul.Kernel next) {
    this.next = next;
    activations = new QuantActivations(launcher, type);
    large = new TunedLaunch(launcher, symbols(type).get(0));
    small = new TunedLaunch(launcher, symbols(type).get(1));
  }

  /** What is launched: tiles of both sizes, and to prepare the activations. */
  static List<String> symbols(ElementType type) {
    List<String> symbols = new ArrayList<>(List.of("mma_quant_" + type.label(), "mma_quant_small_" + type.label()));
    symbols.addAll(QuantActivations.symbols(type));
    return List.copyOf(symbols);
  }

  @Override
  public void run(Buffer w, Buffer x, Buffer y, long m, long n, long k) {
    boolean isLarge = MmaTiles.isLarge(m, n);
    TunedLaunch multiply = isLarge ? large : small;
    if (MmaTiles.areIn(m, n, k) && activations.canPrepare(x, m * k) && multiply.isGood()) {
      activations.prepare(x, m * k);
      Launch launch = multiply.launch();
      int late = TunedLaunch.bytes(launch, w, w.type().bytesFor(n * k));
      activations.bind(launch);
      launch.buffer(y, m * n).value(m).value(n).value(k).value(late).value(n % 2 == 0 && (y.address() & 7) == 0 ? 1 : 0);
      launch.groups(MmaTiles.groups(isLarge, m, n));
    } else {
      next.run(w, x, y, m, n, k);
    }
  }
}

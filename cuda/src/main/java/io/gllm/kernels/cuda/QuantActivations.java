package io.gllm.kernels.cuda;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.portable.Launch;
import io.gllm.kernels.api.portable.Launcher;
import io.gllm.kernels.api.portable.TunedLaunch;
import java.util.List;

/**
 * The activations of a product of integers (activations.cu): f32 is quantised once, in the blocks that the CPU uses; blocks are taken
 * apart. In scratch memory then lie codes, a byte each, and steps and sums, a word each for 32 of them.
 */
final class QuantActivations {
  /** Activations that a group encodes: four for each of its threads, in blocks of 256 twice as many. */
  private static final int GROUP_ELEMENTS = 512;
  private static final long MOST = 1L << 31;

  private final Launcher launcher;
  private final int groupElements;
  private final TunedLaunch floats;
  private final TunedLaunch coded;
  private Buffer planes;
  private long count;

  QuantActivations(Launcher launcher, ElementType weights) {
    this.launcher = launcher;
    List<String> symbols = symbols(weights);
    floats = new TunedLaunch(launcher, symbols.get(0));
    coded = new TunedLaunch(launcher, symbols.get(1));
    groupElements = ((QuantFormat) weights).activationFormat() == QuantFormat.Q8_K ? 2 * GROUP_ELEMENTS : GROUP_ELEMENTS;
  }

  /** What is launched for weights of a format: to quantise, to take blocks apart. */
  static List<String> symbols(ElementType weights) {
    QuantFormat activations = ((QuantFormat) weights).activationFormat();
    return List.of("activations_f32_" + activations.blockElements(), "activations_" + activations.label());
  }

  boolean canPrepare(Buffer x, long count) {
    return count <= MOST && tuned(x).isGood();
  }

  private TunedLaunch tuned(Buffer x) {
    return x.type() == DType.F32 ? floats : coded;
  }

  void prepare(Buffer x, long count) {
    this.count = count;
    planes = launcher.scratch(0, count + count / 4);
    Launch launch = tuned(x).launch();
    int late = TunedLaunch.bytes(launch, x, x.type().bytesFor(count));
    bind(launch);
    launch.value(count).value(late).groups((count + groupElements - 1) / groupElements);
  }

  /** Binds codes, steps and sums. */
  void bind(Launch launch) {
    launch.words(planes.memory(), planes.byteOffset(), count / 4);
    launch.words(planes.memory(), planes.byteOffset() + count, count / 32);
    launch.words(planes.memory(), planes.byteOffset() + count + count / 8, count / 32);
  }
}

package io.gllm.kernels.bench;

import io.gllm.kernels.KernelDispatcher;
import java.util.ArrayList;
import java.util.List;

/**
 * How a run opens a device.
 *
 * @param backend the backend, or null for the best one
 * @param tier the best tier of the CPU to use, or null for the best there is
 * @param isa the instruction set of the CPU's native tier (avx512, avx2, neon), or null for the best there is
 * @param threads threads of the CPU; 0 for all, which the suite {@code bars} replaces by 1
 */
public record Setting(String backend, String tier, String isa, int threads) {
  /** The best device with all it has. */
  public static final Setting BEST = new Setting(null, null, null, 0);

  private static final String CPU = "cpu";

  /** Checks the number of threads. */
  public Setting {
    if (threads < 0) {
      throw new IllegalArgumentException("threads must not be negative: " + threads);
    }
  }

  /**
   * Every backend with every tier, instruction set and number of threads. These three are the CPU's: another backend is there once.
   * An empty list stands for the best, or for all threads.
   */
  public static List<Setting> combinations(List<String> backends, List<String> tiers, List<String> isas, List<Integer> threads) {
    List<Setting> settings = new ArrayList<>();
    for (String backend : orNull(backends)) {
      boolean hasTiers = backend == null || backend.equals(CPU);
      for (String tier : hasTiers ? orNull(tiers) : orNull(List.<String>of())) {
        for (String isa : hasTiers ? orNull(isas) : orNull(List.<String>of())) {
          for (Integer count : hasTiers ? orNull(threads) : orNull(List.<Integer>of())) {
            settings.add(new Setting(backend, tier, isa, count == null ? 0 : count));
          }
        }
      }
    }
    return settings.stream().distinct().toList();
  }

  private static <T> List<T> orNull(List<T> values) {
    if (!values.isEmpty()) {
      return values;
    }
    List<T> none = new ArrayList<>();
    none.add(null);
    return none;
  }

  /** The same with a number of threads: 1 if the run judges bars, else all, unless one was asked for. */
  Setting withThreads(boolean judged) {
    int all = judged ? 1 : Runtime.getRuntime().availableProcessors();
    return threads > 0 ? this : new Setting(backend, tier, isa, all);
  }

  KernelDispatcher open() {
    KernelDispatcher.Builder builder = KernelDispatcher.builder().option("cpu.threads", Integer.toString(threads));
    if (backend != null) {
      builder.backend(backend);
    }
    if (tier != null) {
      builder.option("cpu.tier", tier);
    }
    if (isa != null) {
      builder.option("cpu.isa", isa);
    }
    return builder.create();
  }

  /** The name that tells it from the other contenders of a run, the same in every run: {@code cpu native avx2 2t}. */
  String label(String opened) {
    if (!opened.equals(CPU)) {
      return opened;
    }
    return opened + (tier == null ? "" : " " + tier) + (isa == null ? "" : " " + isa) + " " + threads + "t";
  }
}

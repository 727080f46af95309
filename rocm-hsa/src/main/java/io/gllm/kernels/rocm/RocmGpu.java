package io.gllm.kernels.rocm;

import io.gllm.kernels.api.KernelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A GPU as the runtime describes it, with what is needed to use it.
 *
 * @param ordinal its number among the GPUs
 * @param agent its handle
 * @param name its product name
 * @param chips its instruction sets without their features, the best first: {@code gfx942}, {@code gfx9-4-generic}
 * @param memory bytes of memory
 * @param queuePackets the most packets of a queue
 * @param device the pool of its memory, 0 if it has none
 * @param host the first processor's handle
 * @param shared the pool of host memory for bytes that both sides touch, 0 if there is none
 * @param arguments the pool of host memory for arguments of kernels, 0 if there is none
 */
record RocmGpu(int ordinal, long agent, String name, List<String> chips, long memory, int queuePackets, long device, long host,
    long shared, long arguments) {
  private static final int QUEUE_MAX_SIZE = 14;
  private static final int DEVICE_TYPE = 17;
  private static final int PRODUCT_NAME = 0xA009;
  private static final int TYPE_CPU = 0;
  private static final int TYPE_GPU = 1;
  private static final int POOL_SEGMENT = 0;
  private static final int POOL_FLAGS = 1;
  private static final int POOL_SIZE = 2;
  private static final int POOL_ALLOWED = 5;
  private static final int SEGMENT_GLOBAL = 0;
  private static final int KERNARG = 1;
  private static final int FINE = 2;
  private static final int COARSE = 4;

  /** Copies the list. */
  RocmGpu {
    chips = List.copyOf(chips);
  }

  /**
   * The GPUs of the running runtime.
   *
   * @throws KernelException if it refuses
   */
  static List<RocmGpu> all(HsaCalls calls) {
    List<Long> gpus = new ArrayList<>();
    long host = 0;
    for (long agent : calls.agents()) {
      long type = calls.agentNumber(agent, DEVICE_TYPE);
      if (type == TYPE_GPU) {
        gpus.add(agent);
      } else if (type == TYPE_CPU && host == 0) {
        host = agent;
      }
    }
    long arguments = host == 0 ? 0 : pool(calls, host, KERNARG);
    long shared = host == 0 ? 0 : pool(calls, host, FINE);
    List<RocmGpu> found = new ArrayList<>();
    for (long agent : gpus) {
      List<String> chips = calls.isas(agent).stream().map(isa -> chip(calls.isaName(isa))).toList();
      long pool = pool(calls, agent, COARSE);
      long memory = pool == 0 ? -1 : calls.poolNumber(pool, POOL_SIZE);
      found.add(new RocmGpu(found.size(), agent, calls.agentText(agent, PRODUCT_NAME), chips, memory,
          (int) calls.agentNumber(agent, QUEUE_MAX_SIZE), pool, host, shared, arguments));
    }
    return found;
  }

  /** The first pool of global memory with a flag that gives memory, or 0; one with this flag alone goes first. */
  private static long pool(HsaCalls calls, long agent, int flag) {
    long found = 0;
    for (long pool : calls.pools(agent)) {
      boolean global = calls.poolNumber(pool, POOL_SEGMENT) == SEGMENT_GLOBAL && calls.poolNumber(pool, POOL_ALLOWED) != 0;
      long flags = global ? calls.poolNumber(pool, POOL_FLAGS) : 0;
      if (flags == flag) {
        return pool;
      }
      found = found == 0 && (flags & flag) != 0 ? pool : found;
    }
    return found;
  }

  /** {@code gfx90a} for {@code amdgcn-amd-amdhsa--gfx90a:sramecc+:xnack-}. */
  static String chip(String isa) {
    String target = isa.substring(isa.indexOf("--") < 0 ? 0 : isa.indexOf("--") + 2);
    int features = target.indexOf(':');
    return features < 0 ? target : target.substring(0, features);
  }

  /** Why no kernel can run on it, or null. */
  String obstacle() {
    return device == 0
        ? "it has no memory pool of its own"
        : arguments == 0 || shared == 0 ? "the runtime has no host memory that it shares with kernels" : null;
  }

  /** Name, instruction sets and memory, for people. */
  String describe() {
    return name + " (" + String.join(", ", chips)
        + (memory < 0 ? "" : String.format(Locale.ROOT, ", %.1f GiB", memory / (double) (1L << 30)))
        + ")";
  }
}

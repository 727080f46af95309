package io.gllm.kernels.api.op;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;

/**
 * Stores new keys and values in a cache: row t of k and v, f32 [tokens][kvDim], goes to slot slots[t] of the caches
 * [slot][kvDim], rounded to the type of the caches, dispatched on it. A slot outside the cache is an
 * {@link IndexOutOfBoundsException}, and then nothing is stored. Slots must differ from each other.
 */
public final class KvAppend {
  /** The operator. */
  public static final Op<Kernel> OP = new Op<>("kv_append", Kernel.class, Op.FLOATS);

  private KvAppend() {}

  /** A bound kernel. */
  public interface Kernel {
    /** Runs on checked arguments. */
    void run(Buffer k, Buffer v, Buffer slots, Buffer kCache, Buffer vCache, long tokens, long kvDim);
  }

  /**
   * Checks the arguments; the slots themselves are checked by the kernel.
   *
   * @throws IllegalArgumentException if a buffer is too short or of a wrong type, or a cache overlaps something
   * @throws IllegalStateException if a buffer is closed
   */
  public static void check(Buffer k, Buffer v, Buffer slots, Buffer kCache, Buffer vCache, long tokens, long kvDim) {
    Check.size("tokens", tokens);
    Check.positive("kvDim", kvDim);
    long n = Check.times(tokens, kvDim);
    Check.holds("k", k, n);
    Check.type("k", k, DType.F32);
    Check.holds("v", v, n);
    Check.type("v", v, DType.F32);
    Check.holds("slots", slots, tokens);
    Check.type("slots", slots, DType.I32);
    Check.holds("kCache", kCache, 0);
    Check.floatType("kCache", kCache);
    Check.holds("vCache", vCache, kCache.length());
    Check.type("vCache", vCache, kCache.type());
    Check.disjoint("kCache", kCache, "vCache", vCache);
    inputs(kCache, k, v, slots);
    inputs(vCache, k, v, slots);
  }

  private static void inputs(Buffer cache, Buffer k, Buffer v, Buffer slots) {
    Check.disjoint("cache", cache, "k", k);
    Check.disjoint("cache", cache, "v", v);
    Check.disjoint("cache", cache, "slots", slots);
  }

  /** Bytes read and written. */
  public static long bytes(DType type, long tokens, long kvDim) {
    return 2 * tokens * kvDim * (4 + type.blockBytes());
  }
}

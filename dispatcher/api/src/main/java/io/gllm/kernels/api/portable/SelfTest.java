package io.gllm.kernels.api.portable;

import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.spi.SelfTestReport;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Each kernel of a device is launched once on known data before its first use. A kernel whose answer has other bits is put into
 * quarantine: the driver or the hardware computes something else than what was tested, and its use fails with the reason instead of
 * giving wrong results. One instance for each device; thread-safe.
 */
public final class SelfTest {
  private static final String GOOD = "";
  private static final int ALIGNMENT = 64;
  /** Scratch memory of a self-test: a number that no operator uses. */
  private static final int SCRATCH = 1000;

  private final Map<String, String> verdicts = new ConcurrentHashMap<>();
  private final boolean trusting;
  private final List<String> resources = new ArrayList<>(List.of(GoldenLaunch.RESOURCE));
  private Map<String, GoldenLaunch> launches;

  /**
   * For a device of which nothing is known yet.
   *
   * @param more resources with the known answers of kernels that are not portable
   */
  public SelfTest(String... more) {
    this(false);
    resources.addAll(List.of(more));
  }

  private SelfTest(boolean trusting) {
    this.trusting = trusting;
  }

  /** Takes every kernel as good: for recording the known answers. */
  public static SelfTest trusting() {
    return new SelfTest(true);
  }

  /** The reason for each kernel in quarantine. */
  public Map<String, String> quarantined() {
    Map<String, String> bad = new TreeMap<>(verdicts);
    bad.values().removeIf(String::isEmpty);
    return bad;
  }

  /** How many kernels gave the right answer so far. */
  public int passed() {
    return (int) verdicts.values().stream().filter(String::isEmpty).count();
  }

  /**
   * Tests a kernel unless that was done.
   *
   * @throws KernelException if its answer is wrong, now or before
   */
  public void require(Launcher launcher, String symbol) {
    if (trusting) {
      return;
    }
    String verdict = verdicts.get(symbol);
    if (verdict == null) {
      GoldenLaunch golden = golden(symbol);
      verdict = golden == null ? "there is no known answer for it" : test(launcher, golden);
      verdicts.put(symbol, verdict);
    }
    if (!verdict.equals(GOOD)) {
      throw new KernelException("kernel " + symbol + " is in quarantine on this device: " + verdict);
    }
  }

  /** Tests every kernel of {@code symbols} unless that was done, and reports on all so far. */
  public SelfTestReport report(Launcher launcher, Iterable<String> symbols) {
    for (String symbol : symbols) {
      try {
        require(launcher, symbol);
      } catch (KernelException e) {
        verdicts.putIfAbsent(symbol, e.getMessage());
      }
    }
    return new SelfTestReport(passed(), quarantined());
  }

  private synchronized GoldenLaunch golden(String symbol) {
    if (launches == null) {
      Map<String, GoldenLaunch> all = new HashMap<>();
      resources.forEach(resource -> all.putAll(GoldenLaunch.load(resource)));
      launches = all;
    }
    return launches.get(symbol);
  }

  private static String test(Launcher launcher, GoldenLaunch golden) {
    List<Long> offsets = new ArrayList<>();
    long bytes = 0;
    for (byte[] buffer : golden.before()) {
      offsets.add(bytes);
      bytes += (buffer.length + 2L * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
    Buffer all = launcher.scratch(SCRATCH, bytes).slice(0, bytes);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(bytes, ALIGNMENT);
      for (int i = 0; i < offsets.size(); i++) {
        MemorySegment.copy(golden.before().get(i), 0, host, ValueLayout.JAVA_BYTE, offsets.get(i), golden.before().get(i).length);
      }
      launcher.copy(Buffer.wrap(host, DType.I8), all);
      launch(launcher, golden, all, offsets);
      launcher.copy(all, Buffer.wrap(host, DType.I8));
      launcher.sync();
      return compare(golden, host, offsets);
    }
  }

  private static void launch(Launcher launcher, GoldenLaunch golden, Buffer all, List<Long> offsets) {
    Launch launch = launcher.prepare(golden.symbol());
    for (int i = 0; i < offsets.size(); i++) {
      launch.words(all.memory(), all.byteOffset() + offsets.get(i), golden.before().get(i).length / 4);
    }
    for (int parameter : golden.parameters()) {
      launch.bits(parameter);
    }
    launch.grid(golden.grid()[0], golden.grid()[1], golden.grid()[2]);
  }

  private static String compare(GoldenLaunch golden, MemorySegment host, List<Long> offsets) {
    for (int i = 0; i < offsets.size(); i++) {
      byte[] expected = golden.after().get(i);
      long at = host.asSlice(offsets.get(i), expected.length).mismatch(MemorySegment.ofArray(expected));
      if (at >= 0) {
        long word = at / 4;
        return "buffer " + i + " word " + word + " is 0x" + Integer.toHexString(host.get(ValueLayout.JAVA_INT, offsets.get(i) + word * 4))
            + " after a launch with known data, expected 0x"
            + Integer.toHexString(MemorySegment.ofArray(expected).get(ValueLayout.JAVA_INT_UNALIGNED, word * 4));
      }
    }
    return GOOD;
  }
}

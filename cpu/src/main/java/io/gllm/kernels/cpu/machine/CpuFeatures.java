package io.gllm.kernels.cpu.machine;

import io.gllm.kernels.api.blob.BlobManifest;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/**
 * What the processor and the operating system together can execute, in the names of the blob manifest.
 *
 * @param processor the processor's own name, or null where it does not tell
 * @param names the features
 * @param lastLevelCache bytes of the largest cache, 32 MB where unknown
 */
public record CpuFeatures(String processor, Set<String> names, long lastLevelCache) {
  /** Family 19h of AMD with AVX-512: Zen 4. */
  static final String ZEN_4 = "zen4";

  /** Dot products of pairs of bf16 in AVX-512: AMD from Zen 4 on, Intel from Cooper Lake and Sapphire Rapids on. */
  static final String BF16_DOT = "avx512bf16";

  /** Look-ups of bytes in a whole AVX-512 register: AMD from Zen 4 on, Intel from Ice Lake on. */
  static final String BYTE_LOOK_UP = "avx512vbmi";

  private static final long USUAL_CACHE = 32L << 20;
  private static final int AVX_STATE = 0x06;
  private static final int AVX512_STATE = 0xe6;

  /** Copies the set, keeping its order. */
  public CpuFeatures {
    names = Collections.unmodifiableSet(new LinkedHashSet<>(names));
  }

  /** Asks the processor (x86-64, through a blob) or the system (arm64). */
  static CpuFeatures detect(BlobManifest manifest, Platform platform) throws Throwable {
    return platform.x86() ? x86(MachineCode.map(manifest, platform.convention() + "-x86_64-base")) : arm(platform);
  }

  private static CpuFeatures x86(MachineCode base) throws Throwable {
    try (Arena arena = Arena.ofConfined()) {
      Cpuid cpuid = new Cpuid(base, arena);
      Set<String> names = new LinkedHashSet<>();
      if (cpuid.bit(1, 0, 2, 27) && (cpuid.enabledStates() & AVX_STATE) == AVX_STATE) {
        avx2(cpuid, names);
        if ((cpuid.enabledStates() & AVX512_STATE) == AVX512_STATE) {
          avx512(cpuid, names);
        }
      }
      return new CpuFeatures(cpuid.processor(), names, cpuid.largestCache());
    }
  }

  private static void avx2(Cpuid cpuid, Set<String> names) throws Throwable {
    cpuid.add(names, "avx2", 7, 0, 1, 5);
    cpuid.add(names, "fma", 1, 0, 2, 12);
    cpuid.add(names, "f16c", 1, 0, 2, 29);
    cpuid.add(names, "bmi1", 7, 0, 1, 3);
    cpuid.add(names, "bmi2", 7, 0, 1, 8);
    cpuid.add(names, "lzcnt", 0x80000001, 0, 2, 5);
    cpuid.add(names, "movbe", 1, 0, 2, 22);
    cpuid.add(names, "popcnt", 1, 0, 2, 23);
    cpuid.add(names, "avxvnni", 7, 1, 0, 4);
  }

  private static void avx512(Cpuid cpuid, Set<String> names) throws Throwable {
    cpuid.add(names, "avx512f", 7, 0, 1, 16);
    cpuid.add(names, "avx512bw", 7, 0, 1, 30);
    cpuid.add(names, "avx512cd", 7, 0, 1, 28);
    cpuid.add(names, "avx512dq", 7, 0, 1, 17);
    cpuid.add(names, "avx512vl", 7, 0, 1, 31);
    cpuid.add(names, "avx512vnni", 7, 0, 2, 11);
    cpuid.add(names, BYTE_LOOK_UP, 7, 0, 2, 1);
    cpuid.add(names, BF16_DOT, 7, 1, 0, 5);
    if (cpuid.amd() && cpuid.family() == 0x19) {
      names.add(ZEN_4);
    }
  }

  private static CpuFeatures arm(Platform platform) throws Throwable {
    Set<String> names = new LinkedHashSet<>();
    if (platform.mac()) {
      names.add("asimd"); // every Mac with this processor
      add(names, sysctl("hw.optional.arm.FEAT_DotProd"), "asimddp");
      add(names, sysctl("hw.optional.arm.FEAT_FP16"), "fphp", "asimdhp");
    } else {
      long bits = hardwareCapabilities();
      add(names, (bits & 1 << 1) != 0, "asimd");
      add(names, (bits & 1 << 9) != 0, "fphp");
      add(names, (bits & 1 << 10) != 0, "asimdhp");
      add(names, (bits & 1 << 20) != 0, "asimddp");
    }
    return new CpuFeatures(null, names, USUAL_CACHE);
  }

  private static void add(Set<String> names, boolean present, String... features) {
    if (present) {
      names.addAll(Set.of(features));
    }
  }

  private static long hardwareCapabilities() throws Throwable {
    FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG);
    SymbolLookup libc = Linker.nativeLinker().defaultLookup();
    return (long) ExecutableMemory.function(libc, "getauxval", type).invokeExact(16L);
  }

  private static boolean sysctl(String name) throws Throwable {
    ValueLayout address = ValueLayout.ADDRESS;
    FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_INT, address, address, address, address, ValueLayout.JAVA_LONG);
    MethodHandle sysctlbyname = ExecutableMemory.function(Linker.nativeLinker().defaultLookup(), "sysctlbyname", type);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(8, 8);
      MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_LONG, 8);
      int status = (int) sysctlbyname.invokeExact(arena.allocateFrom(name), value, size, MemorySegment.NULL, 0L);
      return status == 0 && value.get(ValueLayout.JAVA_INT, 0) != 0;
    }
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s, last-level cache %d MB", String.join(" ", names), lastLevelCache >> 20);
  }

  /** The CPUID instruction. */
  private static final class Cpuid {
    private final MemorySegment cpuid;
    private final MemorySegment xgetbv;
    private final MemorySegment out;
    private final int leaves;
    private final int extendedLeaves;

    Cpuid(MachineCode base, Arena arena) throws Throwable {
      cpuid = base.entry("cpuid", "llp>v");
      xgetbv = base.entry("xgetbv", "p>v");
      out = arena.allocate(16, 8);
      leaves = register(0, 0, 0);
      extendedLeaves = register(0x80000000, 0, 0);
    }

    int register(int leaf, int subleaf, int register) throws Throwable {
      NativeCall.run(cpuid, true, leaf, subleaf, out.address());
      return out.getAtIndex(ValueLayout.JAVA_INT, register);
    }

    boolean bit(int leaf, int subleaf, int register, int bit) throws Throwable {
      int last = leaf < 0 ? extendedLeaves : leaves;
      return Integer.compareUnsigned(leaf, last) <= 0 && (register(leaf, subleaf, register) >>> bit & 1) != 0;
    }

    void add(Set<String> names, String name, int leaf, int subleaf, int register, int bit) throws Throwable {
      if (bit(leaf, subleaf, register, bit)) {
        names.add(name);
      }
    }

    boolean amd() throws Throwable {
      return register(0, 0, 1) == 0x68747541; // "Auth" of AuthenticAMD
    }

    int family() throws Throwable {
      int version = register(1, 0, 0);
      return (version >>> 8 & 15) + (version >>> 20 & 255);
    }

    /** Register states that the operating system saves (XCR0). */
    long enabledStates() {
      NativeCall.run(xgetbv, true, out.address());
      return out.get(ValueLayout.JAVA_LONG, 0);
    }

    /** The brand string: 48 characters in three leaves, filled up with zeros and blanks. */
    String processor() throws Throwable {
      if (Integer.compareUnsigned(extendedLeaves, 0x80000004) < 0) {
        return null;
      }
      byte[] name = new byte[48];
      for (int leaf = 0; leaf < 3; leaf++) {
        register(0x80000002 + leaf, 0, 0);
        MemorySegment.copy(out, ValueLayout.JAVA_BYTE, 0, name, 16 * leaf, 16);
      }
      String text = new String(name, StandardCharsets.ISO_8859_1).replace('\0', ' ').strip();
      return text.isEmpty() ? null : text;
    }

    /** From the cache leaf of AMD or Intel, which have one format. */
    long largestCache() throws Throwable {
      int leaf = bit(0x80000001, 0, 2, 22) ? 0x8000001d : 4;
      long largest = 0;
      for (int i = 0; i < 8 && (register(leaf, i, 0) & 31) != 0; i++) {
        int ways = register(leaf, i, 1);
        long sets = (register(leaf, i, 2) & 0xffffffffL) + 1;
        largest = Math.max(largest, ((ways >>> 22) + 1L) * ((ways >>> 12 & 1023) + 1) * ((ways & 4095) + 1) * sets);
      }
      return largest == 0 ? USUAL_CACHE : largest;
    }
  }
}

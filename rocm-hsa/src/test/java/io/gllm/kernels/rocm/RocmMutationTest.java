package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.spi.Device;
import io.gllm.kernels.rocm.gcn.GcnFault;
import io.gllm.kernels.rocm.gcn.Listing;
import io.gllm.kernels.testkit.Case;
import io.gllm.kernels.testkit.Conformance;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.InstalledBackends;
import io.gllm.kernels.testkit.Result;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mistakes planted in the listings of the shipped code: the machine or the conformance suite notices each of them. */
class RocmMutationTest {
  /** What a fault says; null where results tell. */
  private static final String WRONG_RESULT = null;

  /**
   * A mistake.
   *
   * @param chip whose code
   * @param kernel its name
   * @param cases the operator and type whose cases use the kernel
   * @param right what is replaced where it first stands, a regular expression
   * @param wrong what stands there instead
   * @param fault what the machine says
   */
  record Mistake(String chip, String kernel, String cases, String right, String wrong, String fault) {
    @Override
    public String toString() {
      return (chip + " " + kernel + ": " + right + " -> " + wrong).replace("\n", "; ").replace("\t", "");
    }
  }

  private static Mistake norm9(String right, String wrong, String fault) {
    return new Mistake("gfx90a", "rms_norm_f32", "rms_norm f32", right, wrong, fault);
  }

  private static Mistake norm11(String right, String wrong, String fault) {
    return new Mistake("gfx1100", "rms_norm_f32", "rms_norm f32", right, wrong, fault);
  }

  static List<Mistake> mistakes() {
    return List.of(
        // Barriers: none, one that only waves of 64 can do without, one that stores do not reach, one that not all lanes reach.
        norm9("\ts_barrier\n", "", "nothing has written"), norm11("\ts_barrier\n", "", "nothing has written"),
        norm11("\ts_barrier\n(?=(\ts_delay_alu[^\n]*\n)*\tv_cmpx_gt_u32_e32 32, v0)", "", "race: "),
        norm9("\ts_waitcnt lgkmcnt\\(0\\)\n(?=\ts_barrier)", "", "is reached before a wait"),
        norm11("\tds_store_b32 v1, v3\n", "\tv_cmpx_gt_u32_e32 64, v0\n$0", "barrier divergence"),
        // Waits: none for memory, arguments or shared memory, and one that lets a load too many be on its way.
        norm11("\ts_waitcnt vmcnt\\(0\\)\n", "", "before a wait"), norm9("\ts_waitcnt vmcnt\\(0\\)\n", "", "before a wait"),
        norm9("\ts_waitcnt lgkmcnt\\(0\\)\n", "", "before a wait"),
        norm11("(ds_load_2addr_stride64_b32[^\n]*\n\ts_waitcnt lgkmcnt)\\(0\\)", "$1(1)", "before a wait"),
        // Masks of lanes: not restored, no guard for the end of a row, a loop that goes on without lanes.
        norm9("L168:\n\ts_or_b64 exec, exec, s\\[4:5\\]\n", "L168:\n", "barrier divergence"),
        norm9("(L796:\n)\ts_and_saveexec_b64 s\\[4:5\\], s\\[0:1\\]\n\ts_cbranch_execz L936\n", "$1", WRONG_RESULT),
        norm11("s_cbranch_execnz L104", "s_cbranch_execz L104", "does not end"),
        // Lanes: the first one's number for all of a wave, another one's sum, a wave of another size.
        norm9("v_mov_b32_e32 v5, v0\n", "v_readfirstlane_b32 s20, v0\n\tv_mov_b32_e32 v5, s20\n", WRONG_RESULT),
        norm9("ds_read2st64_b32 v\\[2:3\\], v1 offset1:1", "ds_read2_b32 v[2:3], v1 offset1:32", WRONG_RESULT),
        norm11("v_add_nc_u32_e32 v0, 0x100, v0", "v_add_nc_u32_e32 v0, 0x80, v0", WRONG_RESULT),
        // Arguments: a pointer in another's place, a number from behind them, another launch's; and another group's row.
        norm11("s\\[0:1\\], 0x10", "s[0:1], 0x8", WRONG_RESULT), norm9("s14, s\\[4:5\\], 0x20", "s14, s[4:5], 0x24", "nothing has written"),
        norm9("s\\[4:5\\], 0x18", "s[4:5], 0x40", "the arguments of another launch"),
        norm9("s_add_i32 s0, s0, s6", "s_add_i32 s0, s0, s7", WRONG_RESULT),
        // Numbers: bytes without their sign, a nibble's half, an upper half of an address that is gone, what is no instruction here.
        new Mistake("gfx90a", "dequant_q8_0", "dequant q8_0", "sext\\((v\\d+)\\)", "$1", WRONG_RESULT),
        new Mistake("gfx1100", "dequant_q4_0", "dequant q4_0", ", 8, 4\n", ", 8, 3\n", WRONG_RESULT),
        norm9("v_addc_co_u32_e32 v7, vcc, v1, v7, vcc", "v_mov_b32_e32 v7, 0", "out of bounds"),
        norm9("v_mul_f32_e32 v2, v2, v2", "v_exp_f32_e32 v2, v2", "`v_exp_f32_e32 v2, v2` is not modelled"));
  }

  @Test
  void thereAreAtLeastTwelve() {
    assertTrue(mistakes().size() >= 12);
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void isNoticed(Mistake mistake) {
    List<String> faults = new ArrayList<>();
    boolean wrong = run(plant(mistake), mistake.cases(), faults);
    if (mistake.fault() == WRONG_RESULT) {
      assertTrue(wrong || !faults.isEmpty(), "nothing noticed");
    } else {
      assertTrue(faults.stream().anyMatch(fault -> fault.contains(mistake.fault())), () -> wrong + " " + faults);
    }
  }

  @Test
  void theCodeWithoutAMistakeIsRight() {
    List<String> faults = new ArrayList<>();
    for (String chip : List.of("gfx90a", "gfx1100")) {
      for (String cases : List.of("rms_norm f32", "dequant q8_0", "dequant q4_0")) {
        assertEquals(false, run(StandInGpu.listing(chip), cases, faults));
      }
    }
    assertEquals(List.of(), faults);
  }

  @Test
  void aListingOfAnotherBlobIsRefused() {
    Listing listing = StandInGpu.listing("gfx90a");
    Listing other = new Listing("gfx90a", listing.sha256().replace('a', 'b'), listing.kernels());
    assertTrue(assertThrows(GcnFault.class, () -> new Interpreter(other, StandInGpu.tuned("gfx90a"))).getMessage()
        .contains("scripts/disassemble-hsaco"));
    Listing elsewhere = new Listing("gfx1100", listing.sha256(), listing.kernels());
    assertThrows(GcnFault.class, () -> new Interpreter(elsewhere, StandInGpu.tuned("gfx1100")));
    assertThrows(GcnFault.class, () -> new Interpreter(listing, StandInGpu.tuned("gfx1100")));
    assertThrows(GcnFault.class,
        () -> new Interpreter(new Listing("gfx1", listing.sha256(), listing.kernels()), StandInGpu.tuned("gfx90a")));
  }

  private static Listing plant(Mistake mistake) {
    Listing listing = StandInGpu.listing(mistake.chip());
    Listing.Text text = listing.kernels().get(mistake.kernel());
    Matcher found = Pattern.compile(mistake.right()).matcher(String.join("\n", text.lines()) + "\n");
    assertTrue(found.find(), () -> "found in " + mistake.kernel() + ": " + mistake.right());
    Map<String, Listing.Text> kernels = new HashMap<>(listing.kernels());
    kernels.put(mistake.kernel(),
        new Listing.Text(mistake.kernel(), text.address(), found.replaceFirst(mistake.wrong()).lines().toList()));
    return new Listing(listing.target(), listing.sha256(), kernels);
  }

  /** Whether a case fails or has other bits than on the processor; what the machine reports goes into {@code faults}. */
  private static boolean run(Listing listing, String cases, List<String> faults) {
    StandInHsa runtime = StandInGpu.runtime(listing);
    boolean wrong = false;
    try (Device device = StandInGpu.open(runtime);
        Device reference = InstalledBackends.scalarTier();
        Harness harness = new Harness(List.of(reference, device), Numerics.REPRODUCIBLE)) {
      for (Case test : Conformance.cases().stream().filter(c -> c.title().startsWith(cases + " ")).toList()) {
        wrong |= harness.run(test).status() == Result.Status.FAILED;
        if (wrong || !runtime.failures.isEmpty()) {
          break;
        }
      }
    } catch (KernelException e) {
      wrong = true; // a device that stopped says so again when it is closed
    }
    runtime.failures.forEach(fault -> faults.add(fault.getMessage()));
    return wrong;
  }
}

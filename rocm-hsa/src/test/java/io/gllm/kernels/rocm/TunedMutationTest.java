package io.gllm.kernels.rocm;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.DeviceLostException;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.rocm.gcn.Listing;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mistakes planted in the listings of the tuned kernels: the machine reports each of them, or the known answer does, as on a device. */
class TunedMutationTest {
  /** What a fault says; null where the answer tells. */
  private static final String WRONG_RESULT = null;
  private static final Map<String, GoldenLaunch> ANSWERS = GoldenLaunch.load(RocmTable.GOLDEN_LAUNCHES);

  /**
   * A mistake.
   *
   * @param chip whose code
   * @param kernel its name
   * @param right what is replaced wherever it stands, a regular expression
   * @param wrong what stands there instead
   * @param fault what the machine says
   */
  record Mistake(String chip, String kernel, String right, String wrong, String fault) {
    @Override
    public String toString() {
      return (chip + " " + kernel + ": " + right + " -> " + wrong).replace("\n", "; ").replace("\t", "");
    }
  }

  private static Mistake cdna(String kernel, String right, String wrong, String fault) {
    return new Mistake("gfx90a", kernel, right, wrong, fault);
  }

  private static Mistake rdna(String kernel, String right, String wrong, String fault) {
    return new Mistake("gfx1100", kernel, right, wrong, fault);
  }

  static List<Mistake> mistakes() {
    return List.of(
        // Barriers and waits: a tile that others have not written yet, a fragment or a number that has not come.
        cdna("matrix_gemm_bt_small_f16", "\ts_barrier\n", "", "nothing has written"),
        rdna("matrix_gemm_f16", "\ts_barrier\n", "", "nothing has written"),
        cdna("matrix_attention_64_f16", "\ts_barrier\n(?=[^$]*s_barrier)", "", "nothing has written"),
        rdna("matrix_gemm_bt_bf16", "\ts_waitcnt lgkmcnt\\(0\\)\n(?=(\t[^\n]*\n){1,9}\tv_wmma)", "", "before a wait"),
        cdna("quant_gemv_q8_0", "\ts_waitcnt vmcnt\\(0\\)\n", "", "before a wait"),
        // Fragments: weights in the place of activations, the same matrix twice.
        cdna("matrix_gemm_bt_small_bf16", "(v_mfma\\S+ \\S+), (\\S+), (\\S+), ", "$1, $3, $2, ", WRONG_RESULT),
        rdna("matrix_gemm_bt_small_f16", "(v_wmma\\S+ \\S+), (\\S+), (\\S+), ", "$1, $3, $2, ", WRONG_RESULT),
        cdna("matrix_gemm_f16", "(v_mfma\\S+ \\S+), v\\d+, (v\\d+), ", "$1, $2, $2, ", WRONG_RESULT),
        // Lanes: the sum of another one, one that has nothing, a row of the lower half of the wave alone.
        rdna("matrix_gemm_small_bf16", "(ds_bpermute_b32 v\\d+, v\\d+, v\\d+)", "$1 offset:4", WRONG_RESULT),
        cdna("quant_gemv_q4_k", "(ds_bpermute_b32 v\\d+, v\\d+, v\\d+)", "$1 offset:8", WRONG_RESULT),
        cdna("activations_f32_32", "(ds_bpermute_b32 v\\d+, v\\d+, v\\d+)", "$1 offset:64", WRONG_RESULT),
        rdna("matrix_attention_128_bf16", "(ds_bpermute_b32 v\\d+, v\\d+, v\\d+)", "$1 offset:4", WRONG_RESULT),
        // Integers: bytes without a sign, nibbles with a bit too many, sums without their sign.
        rdna("quant_gemv_rows_q8_0", "neg_lo:\\[1,1,0\\]", "neg_lo:[1,0,0]", "is not modelled"),
        rdna("quant_gemv_q4_0", "0xf0f0f0f", "0xf0f0f1f", WRONG_RESULT),
        cdna("quant_gemv_rows_q6_k", "sext\\((v\\d+)\\)", "$1", WRONG_RESULT));
  }

  @Test
  void thereAreAtLeastTwelve() {
    assertTrue(mistakes().size() >= 12);
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void isNoticed(Mistake mistake) {
    GoldenLaunch known = ANSWERS.get(mistake.kernel());
    try (TunedDevice device = new TunedDevice(mistake.chip(), plant(mistake), RocmBlobs.onClassPath())) {
      boolean right;
      List<Throwable> faults = device.runtime.failures;
      try {
        right = Arrays.deepEquals(known.after().toArray(), device.launch(known).toArray());
      } catch (DeviceLostException e) {
        right = false;
      }
      if (mistake.fault() == WRONG_RESULT) {
        assertTrue(!right || !faults.isEmpty(), "nothing noticed");
      } else {
        assertTrue(faults.stream().anyMatch(fault -> fault.getMessage().contains(mistake.fault())), faults::toString);
      }
    } catch (DeviceLostException e) {
      // a device that stopped says so again when it is closed
    }
  }

  private static Listing plant(Mistake mistake) {
    Listing shipped = StandInGpu.tuned(mistake.chip());
    Listing.Text text = shipped.kernels().get(mistake.kernel());
    Matcher found = Pattern.compile(mistake.right(), Pattern.MULTILINE).matcher(String.join("\n", text.lines()) + "\n");
    assertTrue(found.find(), () -> "found in " + mistake.kernel() + ": " + mistake.right());
    Map<String, Listing.Text> kernels = new HashMap<>(shipped.kernels());
    kernels.put(text.name(), new Listing.Text(text.name(), text.address(), found.replaceAll(mistake.wrong()).lines().toList()));
    return new Listing(shipped.target(), shipped.sha256(), kernels);
  }
}

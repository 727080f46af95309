package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.op.QuantMatMul;
import io.gllm.kernels.testkit.Case;
import io.gllm.kernels.testkit.Conformance;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Result;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mistakes planted in the shipped PTX of the tuned kernels: the self-test or the conformance suite notices each of them. */
class TunedMutationStandInTest {
  static List<PlantedMistake> mistakes() {
    return List.of(
        // Guards: the rows of weights end within a group, the numbers within a warp, the units within the lanes.
        PlantedMistake.in("quant_gemv_q4_0", "(?<=or\\.pred  \t%p21, %p19, )%p20", "%p19"),
        PlantedMistake.in("quant_gemv_q4_0", "(?<=min\\.u32 \t%r48, %r47, )%r45", "%r47"),
        PlantedMistake.in("activations_f32_32", "or\\.pred  \t%p23, %p22, %p2;", "or.pred \t%p23, %p22, %p22;"),
        // Wrong tail: the second half of the lanes' units is left out.
        PlantedMistake.in("quant_gemv_q4_0", "(?<=setp\\.lt\\.u32 \t%p6, %r273, )%r7", "32"),
        // Wrong strides: of blocks, and of the bits between nibbles.
        PlantedMistake.in("quant_gemv_q4_0", "(?<=mul\\.lo\\.s64 \t%rd29, %rd28, )18", "16"),
        PlantedMistake.in("quant_gemv_q4_0", "(?<=shr\\.u32 \t%r183, %r60, )4", "3"),
        // Swapped operands: the words around a late block, low and high nibbles.
        PlantedMistake.in("quant_gemv_q8_0", "shf\\.r\\.wrap\\.b32 (%r\\d+), (%r\\d+), (%r\\d+)", "shf.r.wrap.b32 $1, $3, $2"),
        PlantedMistake.in("quant_gemv_q4_k", "252645135", "15"),
        // Bytes without their sign, scales likewise.
        PlantedMistake.in("quant_gemv_rows_q8_0", "dp4a\\.s32\\.s32", "dp4a.s32.u32"),
        PlantedMistake.in("quant_gemv_q6_k", "cvt\\.s32\\.s8", "cvt.u32.u8"),
        // A lane that adds its own sum twice, and one that stands for another.
        PlantedMistake.in("activations_q8_k", "shfl\\.sync\\.bfly", "shfl.sync.idx"),
        PlantedMistake.in("quant_gemv_rows_q6_k", "shfl\\.sync\\.bfly", "shfl.sync.up"));
  }

  @Test
  void thereAreAtLeastSix() {
    assertTrue(mistakes().size() >= 6);
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void isNoticed(PlantedMistake mistake) {
    try (TunedDevice device = new TunedDevice(mistake.blobs())) {
      assertTrue(leavesItsMemory(device, mistake.symbol()) || fails(device, mistake.symbol()), "nothing noticed");
    }
  }

  /** Operands of a case share their memory; here each has its own, and the driver notices what lies outside. */
  private static boolean leavesItsMemory(TunedDevice device, String symbol) {
    try {
      device.run(TunedLaunches.all().get(symbol));
      return !device.driver.failures.isEmpty();
    } catch (KernelException e) {
      return true;
    }
  }

  private static boolean fails(TunedDevice device, String symbol) {
    try (Harness harness = new Harness(device.device, Numerics.FAST)) {
      return cases(symbol).anyMatch(c -> harness.run(c).status() == Result.Status.FAILED || !device.driver.failures.isEmpty()
          || device.device.selfTest().quarantined().containsKey(symbol));
    }
  }

  /** The cases of a format that the kernel is for. */
  private static Stream<Case> cases(String symbol) {
    QuantFormat format = symbol.endsWith("q8_k")
        ? QuantFormat.Q6_K
        : symbol.startsWith("activations")
            ? QuantFormat.Q8_0
            : QuantFormat.valueOf(symbol.substring(symbol.length() - 4).toUpperCase(Locale.ROOT));
    return Conformance.cases().stream().filter(c -> c.op() == QuantMatMul.OP && c.type() == format)
        .filter(c -> c.modes().contains(Numerics.FAST)).filter(c -> c.title().endsWith("shapes") || c.title().endsWith("across blocks"));
  }
}

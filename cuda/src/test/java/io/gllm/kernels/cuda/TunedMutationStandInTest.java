package io.gllm.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.Numerics;
import io.gllm.kernels.api.portable.GoldenLaunch;
import io.gllm.kernels.testkit.Case;
import io.gllm.kernels.testkit.Conformance;
import io.gllm.kernels.testkit.Harness;
import io.gllm.kernels.testkit.Result;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mistakes planted in the shipped PTX of the tuned kernels: the self-test or the conformance suite notices each of them. */
class TunedMutationStandInTest {
  private static final List<String> TITLES = List.of(" shapes", " across blocks", " lengths", " page sizes");
  private static final Map<String, GoldenLaunch> KNOWN = GoldenLaunch.load(CudaTable.GOLDEN_LAUNCHES);

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
        PlantedMistake.in("quant_gemv_rows_q6_k", "shfl\\.sync\\.bfly", "shfl.sync.up"),
        // Rows: no barrier between warps, groups that join what single warps have, sums that reach one lane alone.
        PlantedMistake.in("rms_norm_rows_f16", "bar\\.sync \t0;", ""),
        PlantedMistake.in("rms_norm_residual_rows_f32", "(?<=setp\\.lt\\.u32 \t%p\\d{1,2}, %r\\d{1,3}, )33", "9"),
        PlantedMistake.in("layer_norm_rows_bf16", "shfl\\.sync\\.bfly", "shfl.sync.down"),
        PlantedMistake.in("softmax_masked_rows_f32", "shfl\\.sync\\.bfly", "shfl.sync.up"),
        // Tiles: read before they have come, or while others still read; no end of a row.
        PlantedMistake.in("mma_gemm_bt_small_f16", "cp\\.async\\.wait_group 1", "cp.async.wait_group 2"),
        PlantedMistake.in("mma_gemm_bt_f16", "bar\\.sync \t0;", ""),
        PlantedMistake.in("mma_gemm_bt_small_bf16", "(cp\\.async\\.cg\\.shared\\.global \\[%r\\d+], \\[%rd\\d+], 16), %r\\d+", "$1"),
        // Fragments: rows of the upper and the lower half swapped, weights not turned, gelu with another constant.
        PlantedMistake.in("mma_gemm_bt_small_bf16", "(%r\\d+), (%r\\d+), (%r\\d+, %r\\d+\\}, \\{%r\\d+, %r\\d+\\})", "$2, $1, $3"),
        PlantedMistake.in("mma_gemm_small_f16", "\\.trans", ""),
        PlantedMistake.in("mma_gemm_small_bf16", "0f3D372713", "0f3D373713"),
        // Pieces that are read before they have come.
        PlantedMistake.in("mma_gemm_bt_small_f32_f16", "cp\\.async\\.wait_group 1", "cp.async.wait_group 2"),
        // Rows as pieces: what is left of a number for its next piece, the largest of a few lanes, rows behind the last one.
        PlantedMistake.in("pieces_f16", "sub\\.rn\\.f32 \t(%f86)", "add.rn.f32 \t$1"),
        PlantedMistake.in("pieces_f16", "shfl\\.sync\\.bfly", "shfl.sync.down"),
        PlantedMistake.in("pieces_bf16", "setp\\.ge\\.u32 \t%p1", "setp.gt.u32 \t%p1"),
        // Plain rows of weights: lanes that stand for another, the last row read twice as far, a number with the bits of its neighbour.
        PlantedMistake.in("float_gemv_rows_f16", "shfl\\.sync\\.bfly", "shfl.sync.up"),
        PlantedMistake.in("float_gemv_rows_f16", "(?<=min\\.u32 \t%r24, %r23, )%r21", "%r23"),
        PlantedMistake.in("float_gemv_bf16", "-65536", "-1"),
        // Blocks in tiles: codes read before they have come or while others still read, fragments swapped.
        PlantedMistake.in("mma_quant_small_q4_0", "cp\\.async\\.wait_group 0", "cp.async.wait_group 1"),
        PlantedMistake.in("mma_quant_small_q5_1", "bar\\.sync \t0;", ""),
        PlantedMistake.in("mma_quant_q6_k", "bar\\.sync \t0;", ""),
        PlantedMistake.in("mma_quant_small_q4_k", "(%r\\d+), (%r\\d+), (%r\\d+, %r\\d+\\}, \\{%r\\d+, %r\\d+\\})", "$2, $1, $3"),
        // Formats: bit pairs that lose a bit, low and high nibbles swapped, codes without their sign.
        PlantedMistake.in("quant_gemv_q2_k", "50529027", "16843009"),
        PlantedMistake.in("quant_gemv_iq4_nl", "25632", "30001"),
        PlantedMistake.in("quant_gemv_rows_mxfp4", "dp4a\\.s32\\.s32", "dp4a.s32.u32"),
        // Pages: no barrier between scores and weights, the wrong token of a page, a span without keys that looks like one with.
        PlantedMistake.in("paged_decode_f16", "bar\\.sync \t0;", ""),
        PlantedMistake.in("paged_decode_f32", "rem\\.u32 ", "div.u32 "),
        PlantedMistake.in("paged_decode_bf16", "mov\\.u32 \t(%r\\d+), -1082130432", "mov.u32 \t$1, 0"),
        // Attention: tiles that others still read, keys that have not come, values not turned, maxima and sums of one lane.
        PlantedMistake.in("mma_attention_128_f16", "bar\\.sync \t0;", ""),
        PlantedMistake.in("mma_attention_64_f16", "cp\\.async\\.wait_group 1", "cp.async.wait_group 2"),
        PlantedMistake.in("mma_attention_64_bf16", "\\.trans", ""),
        PlantedMistake.in("mma_attention_64_f16", "shfl\\.sync\\.bfly", "shfl.sync.down"));
  }

  @Test
  void thereAreAtLeastTwentyFive() {
    assertTrue(mistakes().size() >= 25);
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void isNoticed(PlantedMistake mistake) {
    try (TunedDevice device = new TunedDevice(mistake.blobs())) {
      assertTrue(answersWrongly(device, KNOWN.get(mistake.symbol())) || fails(device, mistake.symbol()), "nothing noticed");
    }
  }

  /** What a self-test sees; and since each operand has memory of its own, the driver notices what lies outside. */
  private static boolean answersWrongly(TunedDevice device, GoldenLaunch known) {
    try {
      List<byte[]> answer = device.run(known);
      return !device.driver.failures.isEmpty()
          || IntStream.range(0, answer.size()).anyMatch(i -> !Arrays.equals(answer.get(i), known.after().get(i)));
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

  /** The cases of the operators and types that the kernel is for. */
  private static Stream<Case> cases(String symbol) {
    return Conformance.cases().stream().filter(c -> c.modes().contains(Numerics.FAST) && CudaTable.TUNED.launches(c.op(), c.type(), symbol))
        .filter(c -> TITLES.stream().anyMatch(c.title()::endsWith)).filter(c -> !c.title().contains("f32 activations"));
  }
}

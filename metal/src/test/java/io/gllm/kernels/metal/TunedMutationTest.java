package io.gllm.kernels.metal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.KernelException;
import io.gllm.kernels.api.portable.GoldenLaunch;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Mistakes planted in the shipped bitcode of the tuned kernels: the known launch that is every kernel's self-test notices each of them. */
class TunedMutationTest {
  private static final Map<String, GoldenLaunch> ANSWERS = GoldenLaunch.load(MetalTable.GOLDEN_LAUNCHES);

  @TempDir
  private Path folder;

  /** A regular expression is replaced wherever it matches. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(delimiterString = "||", textBlock = """
      no barriers around tiles          || simd_gemm_bt_f16_f16  || tail call void @air\\.wg\\.barrier.*$ || ; || race: threadgroup memory
      weights not turned                || simd_gemm_bt_q4_k     || (zeroinitializer, i1) true || \\1 false || wrong bits in buffer 2
      operands turned                   || simd_gemm_f32_bf16    || (i64 8, <2 x i64> zeroinitializer, i1) false || \\1 true || wrong bits in buffer 3
      operands swapped                  || simd_gemm_bt_f32_f32  || (multiply_accumulate.*\\()(<64 x float> %\\d+), (<64 x float> %\\d+) || \\1\\3, \\2 || wrong bits in buffer 2
      sums at a wrong pitch             || simd_gemm_f16_f16     || i64 64, (<2 x i64> zeroinitializer) || i64 32, \\1 || race: threadgroup memory
      a tile at a wrong pitch           || simd_gemm_bt_q8_0     || i64 8, (<2 x i64> zeroinitializer) || i64 16, \\1 || load outside threadgroup memory
      one row of results too many       || simd_gemm_bt_bf16_bf16 || icmp ult i32 || icmp ule i32 || outside buffer
      a lane with its own sum           || simd_gemv_q4_0        || tail call float @air\\.simd_sum\\.f32\\(float (%\\d+)\\).* || fadd float \\1, 0.0 || wrong bits in buffer 2
      a wrong stride of blocks          || simd_gemv_q8_0        || (mul i32 %\\d+), 34$ || \\1, 32 || wrong bits in buffer 2
      high bits at a wrong place        || simd_gemv_q6_k        || 808464432 || 48 || wrong bits in buffer 2
      a bit of a scale too few          || simd_gemv_rows_q4_k   || 1061109567 || 522133279 || wrong bits in buffer 2
      rows of activations mixed up      || simd_gemv_rows_q4_0   || (Params addrspace\\(2\\)\\* %\\d+, i64 0, i32) 2$ || \\1 1 || in buffer
      no barriers of SIMD groups        || simd_attention_64_f16 || tail call void @air\\.simdgroup\\.barrier.*$ || ; || race: threadgroup memory
      a tile while others still read    || simd_attention_80_f32 || tail call void @air\\.wg\\.barrier.*$ || ; || race: threadgroup memory
      the largest of a wrong lane       || simd_attention_96_bf16 || (simd_shuffle_xor.*i16) 2\\) || \\1 4) || wrong bits in buffer 4
      keys not turned                   || simd_attention_128_f16 || (zeroinitializer, i1) true || \\1 false || wrong bits in buffer 4
      as many keys as queries           || simd_attention_256_bf16 || (Params addrspace\\(2\\)\\* %\\d+, i64 0, i32) 1$ || \\1 0 || wrong bits in buffer 4
      a barrier for some lanes          || simd_attention_64_f32 || air\\.wg\\.barrier\\(i32 2, i32 1\\) || air.simdgroup.barrier(i32 2, i32 1) || race: threadgroup memory
      """)
  void isNoticed(String mistake, String kernel, String pattern, String wrong, String seen) {
    String report;
    try {
      MetalExecutor planted = MetalExecutor.openWith(folder, kernel, pattern, wrong);
      report = MetalExecutorTest.difference(planted, ANSWERS.get(kernel));
    } catch (KernelException e) {
      report = e.getMessage();
    }
    assertTrue(report.contains(seen), report);
  }
}

package io.gllm.kernels.api.op;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gllm.kernels.api.AttentionLayout;
import io.gllm.kernels.api.Buffer;
import io.gllm.kernels.api.DType;
import io.gllm.kernels.api.ElementType;
import io.gllm.kernels.api.QuantFormat;
import io.gllm.kernels.api.RopeLayout;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Misuse is an exception that names what is wrong, before anything runs. */
class ContractTest {
  private static final Arena ARENA = Arena.ofAuto();

  private static Buffer of(ElementType type, long n) {
    return Buffer.wrap(ARENA.allocate(type.bytesFor(n), 64), type);
  }

  private static Buffer f32(long n) {
    return of(DType.F32, n);
  }

  private static Buffer i32(long n) {
    return of(DType.I32, n);
  }

  private static Buffer closed(ElementType type, long n) {
    try (Arena arena = Arena.ofConfined()) {
      return Buffer.wrap(arena.allocate(type.bytesFor(n), 64), type);
    }
  }

  /** An IllegalArgumentException whose message contains {@code words}. */
  private static void rejects(String words, Executable check) {
    String message = assertThrows(IllegalArgumentException.class, check).getMessage();
    assertTrue(message.contains(words), message);
  }

  private static void rejectsClosed(Executable check) {
    assertThrows(IllegalStateException.class, check);
  }

  @Test
  void elementwise() {
    Buffer a = f32(8);
    assertDoesNotThrow(() -> BinaryOp.check(a, f32(8), a, 8));
    rejects("negative", () -> BinaryOp.check(a, f32(8), a, -1));
    rejects("b holds 7 elements, 8 are needed", () -> BinaryOp.check(a, f32(7), a, 8));
    rejects("b is f16, expected f32", () -> BinaryOp.check(a, of(DType.F16, 8), a, 8));
    rejects("expected f32, f16 or bf16", () -> UnaryOp.check(i32(8), i32(8), 8));
    rejects("overlaps a", () -> BinaryOp.check(a.slice(0, 4), f32(4), a.slice(1, 4), 4));
    rejects("null", () -> UnaryOp.check(null, a, 8));
    rejectsClosed(() -> UnaryOp.check(closed(DType.F32, 8), a, 8));
    rejectsClosed(() -> UnaryOp.check(a, closed(DType.F32, 8), 8));
    rejects("x holds 8", () -> VecScale.check(a, 9));
    rejects("y overlaps x", () -> VecAxpy.check(a.slice(0, 4), a.slice(2, 4), 4));
    rejects("out overlaps x", () -> Cast.check(a, a, 8));
  }

  @Test
  void reductions() {
    Buffer x = f32(8);
    assertDoesNotThrow(() -> ReduceOp.check(ReduceOp.SUM, x, f32(1), 0));
    rejects("vec_max of an empty slice", () -> ReduceOp.check(ReduceOp.MAX, x, f32(1), 0));
    rejects("out holds 0", () -> ReduceOp.check(ReduceOp.SUM, x, f32(0), 8));
    rejects("out is f16", () -> ReduceOp.check(ReduceOp.SUM, x, of(DType.F16, 1), 8));
    rejects("out overlaps a", () -> VecDot.check(x, f32(8), x.slice(3, 1), 8));
    rejects("b is bf16", () -> VecDot.check(x, of(DType.BF16, 8), f32(1), 8));
  }

  @Test
  void products() {
    Buffer a = f32(6);
    Buffer b = f32(12);
    Buffer c = f32(8);
    assertDoesNotThrow(() -> MatMul.checkGemm(MatMul.GEMM, a, b, c, 2, 4, 3));
    rejects("b holds 12 elements, 15 are needed", () -> MatMul.checkGemm(MatMul.GEMM, a, b, c, 2, 5, 3));
    rejects("c holds 8", () -> MatMul.checkGemm(MatMul.GEMM, f32(9), b, c, 3, 4, 3));
    rejects("overflow", () -> MatMul.checkGemm(MatMul.GEMM, a, b, c, 2, Long.MAX_VALUE / 2, 3));
    rejects("row-major", () -> MatMul.checkGemm(MatMul.GEMM_PREPACKED, a, b, c, 2, 4, 3));
    rejects("a is bf16, expected f32 or f16", () -> MatMul.checkGemm(MatMul.GEMM, of(DType.BF16, 6), of(DType.F16, 12), c, 2, 4, 3));
    rejects("c is f16, expected f32", () -> MatMul.checkGemm(MatMul.GEMM, a, of(DType.F16, 12), of(DType.F16, 8), 2, 4, 3));
    rejects("c overlaps a", () -> MatMul.checkGemm(MatMul.GEMM, b.slice(0, 6), f32(12), b.slice(4, 8), 2, 4, 3));
    rejects("bias is f16", () -> MatMul.checkGemmBias(a, b, of(DType.F16, 4), c, 2, 4, 3));
    rejects("c overlaps bias", () -> MatMul.checkGemmBias(a, b, c.slice(0, 4), c, 2, 4, 3));
    rejects("y overlaps x", () -> MatMul.checkGemv(b, a.slice(0, 3), a.slice(0, 4), 4, 3));
    rejectsClosed(() -> MatMul.checkGemm(MatMul.GEMM_BT, a, closed(DType.F32, 12), c, 2, 4, 3));
  }

  @Test
  void quantised() {
    Buffer w = of(QuantFormat.Q4_K, 512);
    assertDoesNotThrow(() -> QuantMatMul.check(w, f32(256), f32(2), 1, 2, 256));
    rejects("k = 255 is no multiple of the q4_k block", () -> QuantMatMul.check(w, f32(256), f32(2), 1, 2, 255));
    rejects("expected f32 or q8_k", () -> QuantMatMul.check(w, of(QuantFormat.Q8_0, 256), f32(2), 1, 2, 256));
    rejects("w is f32", () -> QuantMatMul.check(f32(512), f32(256), f32(2), 1, 2, 256));
    rejects("y is f16", () -> QuantMatMul.check(w, f32(256), of(DType.F16, 2), 1, 2, 256));
    rejects("n = 100", () -> Dequant.check(w, f32(512), 100));
    rejects("blocks is f32", () -> Dequant.check(f32(256), f32(256), 256));
    rejects("w is q8_1", () -> QuantMatMul.check(of(QuantFormat.Q8_1, 512), f32(256), f32(2), 1, 2, 256));
    rejects("blocks is q4_k", () -> Quantize.check(f32(512), w, 512));
    rejects("transposed must be true", () -> PackB.check(w, packed(QuantFormat.Q4_K, 2, 256), 2, 256, false));
    rejects("row-major", () -> PackB.check(f32(6), f32(6), 2, 3, true));
    rejects("other sizes than 2 x 4", () -> PackB.check(f32(8), packed(DType.F32, 2, 3), 2, 4, true));
    rejects("other sizes than 2 x 4", () -> PackB.check(f32(8), packed(DType.F32, 4, 2), 2, 4, true));
  }

  /** A packed matrix over memory of the caller, which is enough for checks. */
  private static Buffer packed(ElementType type, long n, long k) {
    return Buffer.packed(f32(64).memory(), type, n, k);
  }

  @Test
  void rows() {
    Buffer x = f32(12);
    assertDoesNotThrow(() -> RmsNorm.check(x, f32(4), x, 3, 4, 0));
    rejects("eps", () -> RmsNorm.check(x, f32(4), x, 3, 4, -1e-6f));
    rejects("eps", () -> RmsNorm.check(x, f32(4), x, 3, 4, Float.NaN));
    rejects("weight holds 3", () -> RmsNorm.check(x, f32(3), x, 3, 4, 1));
    rejects("out overlaps weight", () -> RmsNorm.check(f32(12), x.slice(0, 4), x, 3, 4, 1));
    rejects("sum overlaps out", () -> RmsNorm.checkResidual(f32(12), f32(12), f32(4), x, x, 3, 4, 1));
    rejects("beta holds 0", () -> LayerNorm.check(x, f32(4), f32(0), x, 3, 4, 1));
    rejects("mask is f16", () -> Softmax.check(x, of(DType.F16, 12), x, 3, 4));
    rejects("out overlaps mask", () -> Softmax.check(f32(12), x, x, 3, 4));
  }

  @Test
  void rope() {
    RopeShape shape = new RopeShape(2, 4, 4, RopeLayout.SPLIT_HALF);
    Buffer x = f32(16);
    Buffer tables = f32(10);
    assertDoesNotThrow(() -> Rope.check(x, tables, f32(10), 2, shape, 3));
    rejects("leave tables of 5", () -> Rope.check(x, tables, f32(10), 2, shape, 4));
    rejects("x overlaps cosines", () -> Rope.check(x, x.slice(0, 10), f32(10), 2, shape, 0));
    rejects("positions holds 1", () -> Rope.check(x, i32(1), tables, f32(10), 2, shape));
    rejects("even", () -> new RopeShape(2, 4, 3, RopeLayout.SPLIT_HALF));
    rejects("rotary_dim 6", () -> new RopeShape(2, 4, 6, RopeLayout.SPLIT_HALF));
  }

  @Test
  void attention() {
    AttentionShape s = new AttentionShape(1, 4, 2, 3, 5, 8, AttentionLayout.BHSD, true, 1);
    Buffer q = f32(96);
    assertDoesNotThrow(() -> FlashAttention.check(q, f32(80), f32(80), null, q, f32(12), s));
    rejects("v is f16", () -> FlashAttention.check(q, f32(80), of(DType.F16, 80), null, q, null, s));
    rejects("mask holds 14", () -> FlashAttention.check(q, f32(80), f32(80), f32(14), q, null, s));
    rejects("lse overlaps", () -> FlashAttention.check(q, f32(80), f32(80), null, q, q.slice(0, 12), s));
    rejects("heads 4 must be a positive multiple", () -> new AttentionShape(1, 4, 3, 3, 5, 8, AttentionLayout.BHSD, true, 1));
    rejects("head_dim", () -> new AttentionShape(1, 4, 2, 3, 5, 7, AttentionLayout.BHSD, true, 1));
    PagedShape p = new PagedShape(2, 1, 4, 2, 8, 16, 3, 1);
    Buffer cache = f32(16 * 2 * 8);
    rejects("table holds 5", () -> PagedAttention.check(f32(64), cache, f32(256), i32(5), i32(2), f32(64), null, p));
    rejects("lengths is f32", () -> PagedAttention.check(f32(64), cache, f32(256), i32(6), f32(2), f32(64), null, p));
    rejects("out overlaps k", () -> PagedAttention.check(f32(64), cache, f32(256), i32(6), i32(2), cache.slice(0, 64), null, p));
  }

  @Test
  void rowsByIndex() {
    assertDoesNotThrow(() -> Embedding.check(f32(20), i32(3), f32(12), 3, 5, 4));
    rejects("out holds 11", () -> Embedding.check(f32(20), i32(3), f32(11), 3, 5, 4));
    rejects("ids is f32", () -> Embedding.check(f32(20), f32(3), f32(12), 3, 5, 4));
    rejects("dim = 40", () -> Embedding.check(of(QuantFormat.Q8_0, 320), i32(1), f32(40), 1, 8, 40));
    Buffer cache = f32(40);
    rejects("kCache overlaps vCache", () -> KvAppend.check(f32(8), f32(8), i32(2), cache, cache, 2, 4));
    rejects("kvDim must be positive", () -> KvAppend.check(f32(8), f32(8), i32(2), cache, f32(40), 2, 0));
    rejects("vCache is f16", () -> KvAppend.check(f32(8), f32(8), i32(2), cache, of(DType.F16, 40), 2, 4));
  }

  @Test
  void sampling() {
    Buffer x = f32(12);
    rejects("cols must be positive", () -> Sampling.checkArgmax(x, i32(3), 3, 0));
    rejects("out is f32", () -> Sampling.checkArgmax(x, f32(3), 3, 4));
    rejects("at most 2^31-1", () -> Sampling.checkSample(x, i32(1), 1, 1L << 31));
    rejects("k must be in 1..4", () -> Sampling.checkTopK(x, f32(15), i32(15), 3, 4, 5));
    rejects("k must be in 1..4", () -> Sampling.checkTopK(x, f32(15), i32(15), 3, 4, 0));
    rejects("p must be in (0, 1]", () -> Sampling.checkTopP(x, x, 3, 4, 0));
    rejects("p must be in (0, 1]", () -> Sampling.checkTopP(x, x, 3, 4, Float.NaN));
    rejects("temperature", () -> Sampling.checkTemperature(x, x, 12, 0));
    rejects("temperature", () -> Sampling.checkTemperature(x, x, 12, Float.POSITIVE_INFINITY));
    rejects("2^34", () -> Sampling.checkPhilox(i32(4), 1L << 35));
  }
}

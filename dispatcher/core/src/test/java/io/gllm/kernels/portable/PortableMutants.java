package io.gllm.kernels.portable;

import io.gllm.kernels.portable.PortableMutationTest.Mutant;
import java.util.List;
import java.util.stream.Stream;

/** The planted mistakes. */
final class PortableMutants {
  private PortableMutants() {}

  static List<Mutant> all() {
    return Stream.of(vectors(), matrices(), rows()).flatMap(List::stream).toList();
  }

  private static List<Mutant> vectors() {
    return List.of(
        new Mutant("silu", "silu_f32", "portable/unary.gk", "} else if (i < p.n) {", "} else if (i <= p.n) {"),
        new Mutant("silu", "silu_f32", "portable/unary.gk", "(GROUP * THREADS + THREAD)", "(GROUP * THREADS + THREAD + 1u)"),
        new Mutant("tanh", "tanh_f32", "portable/activations.inc", "return x < 0.0f ? -t : t;", "return t;"),
        new Mutant("vec_sub", "vec_sub_f32", "portable/binary.gk", "return a - b;", "return b - a;"),
        new Mutant("vec_sum", "vec_sum_f32", "portable/reduce.gk", "from + min(p.segment, p.n - from)", "from + p.segment"),
        new Mutant("vec_sum", "vec_sum_f32", "portable/reduce.gk", "if (tid == 0u) ST", "ST"),
        new Mutant("vec_sum", "vec_sum_f32", "gk/reduce.inc",
            "reduce_buffer[tid] + reduce_buffer[tid + n];\n    barrier();", "reduce_buffer[tid] + reduce_buffer[tid + n];"),
        new Mutant("vec_dot", "vec_dot_f32,vec_sum_f32", "portable/reduce.gk", "if (from >= p.n && group > 0u) return;",
            "if (from >= p.n) return;"),
        new Mutant("vec_max", "vec_max_f32", "gk/reduce.inc", "return b > a || is_nan(b) ? b : a;", "return b > a ? b : a;"));
  }

  private static List<Mutant> matrices() {
    String gemm = "gemm_f32,copy_32";
    return List.of(
        new Mutant("gemv", "gemv_f32", "portable/gemv.gk", "sums[tid * RUNS + i]", "sums[tid * RUNS + (count - 1u) / RUN - i]"),
        new Mutant("gemv", "gemv_f32", "portable/gemv.gk", "uint count = min(STEP, p.k - k0);", "uint count = STEP;"),
        new Mutant("gemv", "gemv_f32", "portable/gemv.gk", "min(first + r, p.n - 1u) * p.k", "(first + r) * p.k"),
        new Mutant("gemm", gemm, "portable/gemm.gk", "total[i] = total[i] + sum[i];\n    barrier();",
            "total[i] = total[i] + sum[i];"),
        new Mutant("gemm", gemm, "portable/gemm.gk", "d = tid / TILE + e * (THREADS / TILE)", "d = tid / TILE + e"),
        new Mutant("gemm", gemm, "portable/gemm.gk", "if (r < p.m && n < p.n) {", "if (r < p.m) {"),
        new Mutant("gemm", gemm, "portable/copy.gk", "(i) / p.pitch * p.row_step", "(i) / p.pitch * p.pitch"),
        new Mutant("gemm_bias_act", "gemm_bias_f32,copy_32", "portable/activations.inc", "activation == 2u ? x", "activation == 3u ? x"),
        new Mutant("gemm_prepacked", "copy_32,gemv_f32,gemm_bt_f32", "portable/copy.gk", "((i) % p.pitch - p.from) * p.col_step",
            "(i) % p.pitch * p.col_step"),
        new Mutant("embedding", "embedding_f32", "portable/embedding.gk", "if (col < p.dim) {", "if (col <= p.dim) {"),
        new Mutant("embedding", "embedding_f32", "portable/embedding.gk", "REQUIRE_BELOW(FAULT_TOKEN_ID, ids, p.count, p.rows)", ""));
  }

  private static List<Mutant> rows() {
    String softmax = "softmax_f32,softmax_masked_f32";
    String rope = "rope_with_positions_f32";
    return List.of(
        new Mutant("softmax", softmax, "portable/softmax.gk", "if (top == NEG_INF) top = 0.0f;", ""),
        new Mutant("softmax", softmax, "portable/softmax.gk", "sum == 0.0f ? 0.0f : recip(sum)", "recip(sum)"),
        new Mutant("rms_norm", "rms_norm_f32", "portable/rms_norm.gk", " + p.eps", ""),
        new Mutant("rms_norm", "rms_norm_f32", "portable/rms_norm.gk", "sum = mad(v, v, sum);", "sum = mad(v, v, sum) + 1e-9f;"),
        new Mutant("rms_norm_residual", "rms_norm_residual_f32", "portable/rms_norm.gk", "STORE(y, at + i, v0 *",
            "STORE(y, at + i, ROW(i) *"),
        new Mutant("layer_norm", "layer_norm_f32", "portable/layer_norm.gk", "float d = CENTRED(i);", "float d = LOAD(x, at + i);"),
        new Mutant("rope", "rope_f32", "portable/rope.gk", "-(b * s)", "b * s"),
        new Mutant("rope_with_positions", rope, "portable/rope.gk", "REQUIRE_BELOW(FAULT_POSITION, positions, p.all, p.limit)", ""),
        new Mutant("rope_with_positions", rope, "portable/rope.gk", "positions, p.all, p.limit", "positions, p.tokens, p.limit"),
        new Mutant("rope_with_positions", rope, "portable/rope.gk", "p.first + (token)", "token"),
        new Mutant("rope_with_positions", rope, "portable/fault.inc", "LD(b, i_) >= (limit)", "int(LD(b, i_)) >= int(limit)"));
  }
}

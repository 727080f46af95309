package io.gllm.kernels.portable;

import io.gllm.kernels.portable.PortableMutationTest.Mutant;
import java.util.List;
import java.util.stream.Stream;

/** The planted mistakes. */
final class PortableMutants {
  private PortableMutants() {}

  static List<Mutant> all() {
    return Stream.of(vectors(), matrices(), rows(), attention(), sampling()).flatMap(List::stream).toList();
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

  private static List<Mutant> attention() {
    String flash = "flash_attention_f32,attention_join";
    String paged = "paged_attention_f32,attention_join,paged_check,paged_gather";
    String file = "portable/attention.gk";
    return List.of(
        new Mutant("flash_attention", flash, file, "part[tid * TEAM + i]", "part[tid * TEAM + TEAM - 1u - i]"),
        new Mutant("flash_attention", flash, file, "head / p.group * p.kv_head", "head * p.kv_head"),
        new Mutant("flash_attention", flash, file, "if (seen > SPAN) {", "if (false) {"),
        new Mutant("flash_attention", flash, file, "if (p.first_key > begin) {", "if (false) {"),
        new Mutant("flash_attention", flash, "portable/attention_join.gk", "LD(state, (kept + used) * 2u + 1u) != EMPTY", "used < 1u"),
        new Mutant("paged_attention", paged, file, "if (tid == 0u && head == 0u && row == 0u && GROUP_Z == 0u)", "if (false)"),
        new Mutant("paged_attention", paged, "portable/paged_check.gk", "length >= p.length_limit", "length > p.length_limit"),
        new Mutant("paged_attention", paged, "portable/paged_check.gk", "/ p.page + 1u", "/ p.page + 2u"),
        new Mutant("paged_attention", paged, "portable/checked.inc", "min(wrong, s_)", "min(wrong, wrong)"),
        new Mutant("paged_attention", paged, "portable/paged_gather.gk", "if (block < p.blocks) ST", "ST"),
        new Mutant("kv_append", "kv_append_f32", "portable/kv_append.gk", "REQUIRE_BELOW(FAULT_SLOT, slots, p.all_tokens, p.capacity)", ""),
        new Mutant("kv_append", "kv_append_f32", "portable/kv_append.gk", "- p.first_slot, mine", ", mine"));
  }

  private static List<Mutant> sampling() {
    String sample = "sample_run,sample_token,weigh_runs,argmax_chunks_f32";
    String topK = "order_chunks,order_merge,top_k_store";
    String topP = "top_p_cut,top_p_hide,order_chunks,order_merge,weigh_runs,argmax_chunks_f32";
    return List.of(
        new Mutant("argmax", "argmax_chunks_f32,argmax_join", "portable/argmax_chunks.gk", "&& i < indexes[tid]", ""),
        new Mutant("argmax", "argmax_chunks_f32,argmax_join", "portable/argmax_join.gk", "i < (row + 1u) * p.chunks",
            "i < row * p.chunks + 1u"),
        new Mutant("sample", sample, "portable/weigh_runs.gk", "&& from + i < to", ""),
        new Mutant("sample", sample, "portable/sample_run.gk", "    before = sum;\n", ""),
        new Mutant("sample", sample, "portable/sample_token.gk", "p.first_run * p.run + first + i", "first + i"),
        new Mutant("top_k", topK, "portable/order.inc", "if (bits == 0x80000000u) bits = 0u;", ""),
        new Mutant("top_k", topK, "portable/order_chunks.gk", "i < tid)", "i > tid)"),
        new Mutant("top_k", topK, "portable/order_merge.gk", "key + 1u - list % 2u", "key + 1u"),
        new Mutant("top_k", topK, "portable/top_k_store.gk", "is_nan(v) ? NEG_INF : v", "v"),
        new Mutant("top_p", topP, "portable/top_p_cut.gk", "sum >= enough", "sum > enough"),
        new Mutant("top_p", topP, "portable/top_p_cut.gk", "first + i - 1u", "first + i"),
        new Mutant("top_p", topP, "portable/top_p_hide.gk", "t % p.cols <= LD", "t % p.cols < LD"));
  }
}

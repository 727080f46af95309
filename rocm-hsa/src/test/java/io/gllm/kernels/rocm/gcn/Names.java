package io.gllm.kernels.rocm.gcn;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What GFX9, GFX10 and GFX12 call an instruction of GFX11. */
final class Names {
  private static final Map<String, String> OTHERS = Map.ofEntries(Map.entry("v_add_u32", "v_add_nc_u32"),
      Map.entry("v_sub_u32", "v_sub_nc_u32"), Map.entry("v_subrev_u32", "v_subrev_nc_u32"), Map.entry("v_addc_co_u32", "v_add_co_ci_u32"),
      Map.entry("v_add_u16", "v_add_nc_u16"), Map.entry("v_sub_u16", "v_sub_nc_u16"), Map.entry("v_mad_co_u64_u32", "v_mad_u64_u32"),
      Map.entry("s_add_co_u32", "s_add_u32"), Map.entry("s_add_co_ci_u32", "s_addc_u32"), Map.entry("s_sub_co_u32", "s_sub_u32"),
      Map.entry("s_sub_co_ci_u32", "s_subb_u32"), Map.entry("s_add_co_i32", "s_add_i32"), Map.entry("s_sub_co_i32", "s_sub_i32"),
      Map.entry("s_addk_co_i32", "s_addk_i32"), Map.entry("global_store_short", "global_store_b16"),
      Map.entry("v_mfma_f32_16x16x4f32", "v_mfma_f32_16x16x4_f32"), Map.entry("v_mfma_f32_16x16x16f16", "v_mfma_f32_16x16x16_f16"),
      Map.entry("v_mfma_f32_16x16x16bf16_1k", "v_mfma_f32_16x16x16_bf16"), Map.entry("v_max_num_f32", "v_max_f32"),
      Map.entry("v_max3_num_f32", "v_max3_f32"),
      Map.entry("v_min_num_f32", "v_min_f32"));
  private static final Pattern WORDS = Pattern.compile("^(s_load|global_load|global_store)_dword(?:x(\\d+))?$");
  private static final Pattern SHARED = Pattern.compile("^ds_(read|write)(2)?(st64)?_(b\\d+)$");

  private Names() {}

  static String normal(String opcode) {
    String other = OTHERS.get(opcode);
    if (other != null) {
      return other;
    }
    Matcher words = WORDS.matcher(opcode);
    if (words.matches()) {
      return words.group(1) + "_b" + 32 * (words.group(2) == null ? 1 : Integer.parseInt(words.group(2)));
    }
    Matcher shared = SHARED.matcher(opcode);
    if (shared.matches()) {
      return "ds_" + (shared.group(1).equals("read") ? "load_" : "store_") + (shared.group(2) == null ? "" : "2addr_")
          + (shared.group(3) == null ? "" : "stride64_") + shared.group(4);
    }
    return opcode.replaceFirst("^(s_\\w*?)andn2", "$1and_not1").replaceFirst("^(s_\\w*?)orn2", "$1or_not1");
  }
}

# AVX2 tiles: 16 weight rows (two registers of 8 lanes) x 1..16 tokens x 256 columns, weights unpacked in L1 (Unit), tokens
# in pairs so that a loaded weight serves two. void quant_tile_<mode>(const Tile*), System V; layouts and formula: quant.h.
#
# vpmaddubsw multiplies unsigned by signed bytes and saturates pairs at 16 bits, so each mode has its own sum:
#   d32  weights are signed: |w| * sign(a, w), at most 128 * 127 * 2, widened at once
#   d16  the same with two runs of 16 to an activation scale, the first one scaled on the stack
#   k32, k16  the same, activation scale per superblock
#   w32  weights up to 15: the 8 quads of a run fit 16 bits (30480), widened once per run
#   c16  weights up to 63: two quads fit (32004), widened twice per run of 4
#
# Register map
#   rdi   Tile*                                    ymm0-3    f32 sums: token 0 rows 0-7, 8-15, token 1 rows 0-7, 8-15
#   rsi   activations of the run (256 B per token) ymm4-7    integer sums, same order
#   rcx   start values (c16) or sums (w32)         ymm8-9    weights of a quad, rows 0-7 and 8-15
#   r8    activation scales                        ymm10-11  their magnitudes (d32); second 16-bit sum (c16)
#   r9    out: 256 B per token                     ymm12     activations of a quad
#   rax   prefetch stream                          ymm13-14  temporary
#   r10   runs left    r11  weights   rdx  scales  ymm15     ones (16 bit)
#   rbx   first token of the pair    rbp  tokens   r12  runs of a group of four (c16)
.intel_syntax noprefix
.altmacro
.text

.set UNIT, 0
.set ACT, 8
.set SIDE, 16
.set SCALE, 24
.set SUM, 32
.set AHEAD, 40
.set COUNT, 48
.set RUNS, 56
.set UNIT_S, 4096
.set UNIT_M, 5120
.set UNIT_DMIN, 5632

.macro clear r
  vpxor ymm\r, ymm\r, ymm\r
.endm
.macro load_quad i
  vmovdqa ymm8, [r11 + (\i)*64]
  vmovdqa ymm9, [r11 + (\i)*64 + 32]
.endm
.macro activations t, i
  vpbroadcastd ymm12, dword ptr [rsi + (\t)*256 + (\i)*4]
.endm

# integer sums of token t: registers lo, hi
.macro signed_half sum, magnitude, weight
  vpsignb ymm13, ymm12, ymm\weight
  vpmaddubsw ymm13, ymm\magnitude, ymm13
  vpmaddwd ymm13, ymm13, ymm15
  vpaddd ymm\sum, ymm\sum, ymm13
.endm
.macro pairs_half sum, weight, fresh
  .if \fresh
    vpmaddubsw ymm\sum, ymm\weight, ymm12
  .else
    vpmaddubsw ymm13, ymm\weight, ymm12
    vpaddw ymm\sum, ymm\sum, ymm13
  .endif
.endm

.macro run_signed tokens, quads
  .set t, 0
  .rept \tokens
    clear %(4 + 2*t)
    clear %(5 + 2*t)
    .set t, t + 1
  .endr
  .set i, 0
  .rept \quads
    load_quad %i
    vpabsb ymm10, ymm8
    vpabsb ymm11, ymm9
    .set t, 0
    .rept \tokens
      activations %t, %i
      signed_half %(4 + 2*t), 10, 8
      signed_half %(5 + 2*t), 11, 9
      .set t, t + 1
    .endr
    .set i, i + 1
  .endr
.endm
.macro run_d32 tokens
  run_signed \tokens, 8
.endm
.macro run_d16 tokens
  run_signed \tokens, 4
.endm
.macro run_k32 tokens
  run_signed \tokens, 8
.endm
.macro run_k16 tokens
  run_signed \tokens, 4
.endm
.macro run_w32 tokens
  .set i, 0
  .rept 8
    load_quad %i
    .set t, 0
    .rept \tokens
      activations %t, %i
      pairs_half %(4 + 2*t), 8, %(i == 0)
      pairs_half %(5 + 2*t), 9, %(i == 0)
      .set t, t + 1
    .endr
    .set i, i + 1
  .endr
  .set t, 0
  .rept 2*\tokens
    widen %(4 + t)
    .set t, t + 1
  .endr
.endm
.macro widen r
  vpmaddwd ymm\r, ymm\r, ymm15
.endm
.macro plus_start lo, hi, t
  vpbroadcastd ymm13, dword ptr [rcx + (\t)*64]
  vpaddd ymm\lo, ymm\lo, ymm13
  vpaddd ymm\hi, ymm\hi, ymm13
.endm
# c16: quads 0, 1 of all tokens, widened with the start value; then quads 2, 3 through ymm10-11
.macro run_c16 tokens
  .set i, 0
  .rept 2
    load_quad %i
    .set t, 0
    .rept \tokens
      activations %t, %i
      pairs_half %(4 + 2*t), 8, %(i == 0)
      pairs_half %(5 + 2*t), 9, %(i == 0)
      .set t, t + 1
    .endr
    .set i, i + 1
  .endr
  .set t, 0
  .rept \tokens
    widen %(4 + 2*t)
    widen %(5 + 2*t)
    plus_start %(4 + 2*t), %(5 + 2*t), %t
    .set i, 2
    .rept 2
      load_quad %i
      activations %t, %i
      pairs_half 10, 8, %(i == 2)
      pairs_half 11, 9, %(i == 2)
      .set i, i + 1
    .endr
    widen 10
    widen 11
    plus %(4 + 2*t), 10
    plus %(5 + 2*t), 11
    .set t, t + 1
  .endr
.endm
.macro plus r, s
  vpaddd ymm\r, ymm\r, ymm\s
.endm

.macro to_float r
  vcvtdq2ps ymm\r, ymm\r
.endm
.macro scale_signed lo, hi, at
  vbroadcastss ymm13, dword ptr [r8 + \at]
  vmulps ymm\lo, ymm\lo, ymm13
  vmulps ymm\hi, ymm\hi, ymm13
.endm
.macro scale_d32 lo, hi, t
  scale_signed \lo, \hi, %((\t)*32)
.endm
.macro scale_k32 lo, hi, t
.endm
.macro scale_k16 lo, hi, t
.endm
.macro scale_w32 lo, hi, t
.endm
.macro scale_c16 lo, hi, t
.endm
.macro accumulate acc, r, half
  vfmadd231ps ymm\acc, ymm\r, [rdx + (\half)*32]
.endm

.macro finish_d32 acc, t, half
  vaddps ymm\acc, ymm\acc, [r9 + (\t)*256 + (\half)*32]
  vmovaps [r9 + (\t)*256 + (\half)*32], ymm\acc
.endm
.macro finish_d16 acc, t, half
  finish_d32 \acc, \t, \half
.endm
.macro add_scaled acc, t, half, at
  vbroadcastss ymm12, dword ptr [r8 + \at]
  vmovaps ymm13, [r9 + (\t)*256 + (\half)*32]
  vfmadd231ps ymm13, ymm\acc, ymm12
  vmovaps [r9 + (\t)*256 + (\half)*32], ymm13
.endm
.macro finish_k32 acc, t, half
  add_scaled \acc, \t, \half, %((\t)*32)
.endm
.macro finish_k16 acc, t, half
  add_scaled \acc, \t, \half, %((\t)*64)
.endm
.macro finish_w32 acc, t, half
  add_scaled \acc, \t, \half, %((\t)*4)
.endm
.macro finish_c16 acc, t, half
  finish_w32 \acc, \t, \half
.endm

.macro dot_min lo, hi, t, i
  vpbroadcastd ymm12, dword ptr [rcx + (\t)*16 + (\i)*4]
  vpmaddwd ymm13, ymm12, [r11 + UNIT_M + (\i)*64]
  vpmaddwd ymm14, ymm12, [r11 + UNIT_M + (\i)*64 + 32]
  vpaddd ymm\lo, ymm\lo, ymm13
  vpaddd ymm\hi, ymm\hi, ymm14
.endm
.macro times_dmin lo, hi
  vmulps ymm\lo, ymm\lo, [r11 + UNIT_DMIN]
  vmulps ymm\hi, ymm\hi, [r11 + UNIT_DMIN + 32]
.endm
# w32: the sums start with -dmin * sum of min * activation sum
.macro minima tokens
  .set t, 0
  .rept \tokens
    .set i, 0
    .rept 4
      dot_min %(2*t), %(2*t + 1), %t, %i
      .set i, i + 1
    .endr
    to_float %(2*t)
    to_float %(2*t + 1)
    times_dmin %(2*t), %(2*t + 1)
    .set t, t + 1
  .endr
.endm

# d16: the second run of a block of token t, then both times the activation scale.
.macro keep_first r, at, half
  vmulps ymm\r, ymm\r, [rdx + (\half)*32]
  vmovups [rsp + \at], ymm\r
.endm
.macro join_runs acc, r, at, half
  vmovups ymm13, [rsp + \at]
  vfmadd231ps ymm13, ymm\r, [rdx + (\half)*32]
  vfmadd231ps ymm\acc, ymm13, ymm12
.endm
.macro load_scale at
  vbroadcastss ymm12, dword ptr [r8 + \at]
.endm
.macro first_run tokens
  run_d16 \tokens
  .set t, 0
  .rept 2*\tokens
    to_float %(4 + t)
    keep_first %(4 + t), %(32*t), %(t % 2)
    .set t, t + 1
  .endr
  add r11, 256
  add rdx, 64
  add rsi, 16
.endm

# The runs of one or two tokens from rbx.
.macro tokens_pass mode, tokens, bytes, side_shift, scale_shift
  mov rsi, rbx
  shl rsi, 8
  mov r9, rsi
  add rsi, [rdi + ACT]
  add r9, [rdi + SUM]
  mov rcx, rbx
  shl rcx, \side_shift
  add rcx, [rdi + SIDE]
  mov r8, rbx
  shl r8, \scale_shift
  add r8, [rdi + SCALE]
  mov r10, [rdi + RUNS]
  mov r11, [rdi + UNIT]
  lea rdx, [r11 + UNIT_S]
  .set t, 0
  .rept 2*\tokens
    clear %t
    .set t, t + 1
  .endr
  .ifc \mode, w32
    minima \tokens
  .endif
  .ifc \mode, c16
    mov r10d, 16
    mov r12d, 4
  .endif
  .ifc \mode, d16
    mov r10d, 8
  .endif
  .p2align 5
1:
  prefetcht1 [rax]
  .ifc \mode, d16
    first_run \tokens
  .endif
  run_\mode \tokens
  .set t, 0
  .rept 2*\tokens
    to_float %(4 + t)
    .set t, t + 1
  .endr
  .set t, 0
  .rept \tokens
    .ifc \mode, d16
      load_scale %(64*t)
      join_runs %(2*t), %(4 + 2*t), %(64*t), 0
      join_runs %(2*t + 1), %(5 + 2*t), %(64*t + 32), 1
    .else
      scale_\mode %(4 + 2*t), %(5 + 2*t), %t
      accumulate %(2*t), %(4 + 2*t), 0
      accumulate %(2*t + 1), %(5 + 2*t), 1
    .endif
    .set t, t + 1
  .endr
  add rax, 64
  add r11, \bytes
  add rdx, 64
  .ifc \mode, c16
    add rcx, 4
    add rsi, 64
    dec r12d
    jnz 2f
    mov r12d, 4
    sub rsi, 240
2:
  .else
    add rsi, \bytes / 16
    .ifc \mode, d32
      add r8, 4
    .endif
    .ifc \mode, d16
      add r8, 8
    .endif
  .endif
  dec r10
  jnz 1b
  .set t, 0
  .rept \tokens
    finish_\mode %(2*t), %t, 0
    finish_\mode %(2*t + 1), %t, 1
    .set t, t + 1
  .endr
.endm

.macro tile mode, bytes, side_shift, scale_shift
.globl quant_tile_\mode
.hidden quant_tile_\mode
.p2align 5
quant_tile_\mode:
  push rbx
  push rbp
  push r12
  sub rsp, 128
  xor ebx, ebx
  mov rbp, [rdi + COUNT]
  mov rax, [rdi + AHEAD]
  vpcmpeqw ymm15, ymm15, ymm15
  vpabsw ymm15, ymm15
3:
  lea rdx, [rbp - 1]
  cmp rbx, rdx
  jge 4f
  tokens_pass \mode, 2, \bytes, \side_shift, \scale_shift
  add rbx, 2
  jmp 3b
4:
  cmp rbx, rbp
  jge 5f
  tokens_pass \mode, 1, \bytes, \side_shift, \scale_shift
5:
  vzeroupper
  add rsp, 128
  pop r12
  pop rbp
  pop rbx
  ret
.endm

tile d32, 512, 5, 5
tile d16, 256, 6, 6
tile k32, 512, 5, 5
tile k16, 256, 6, 6
tile w32, 512, 4, 2
tile c16, 256, 6, 2

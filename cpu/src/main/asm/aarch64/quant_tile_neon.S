// NEON tiles: 16 weight rows (four registers of 4 lanes) x 1..16 tokens x 256 columns, weights unpacked in L1 (Unit), signed
// except in the modes w32 and c16, tokens in pairs so that a loaded weight serves two. void quant_tile_<mode>(const Tile*); layouts and formula: quant.h.
//
// Register map
//   x0   Tile*                                     v0-v3    weights of a quad, rows 0-3, 4-7, 8-11, 12-15; scales
//   x1   activations of the run (256 B per token)  v4, v5   16 activations of token 0, token 1
//   x2   scales of the run                         v6, v7   temporary
//   x3   start values (c16) or sums (w32)          v8-v15   f32 sums: token 0 rows 0-3 .. 12-15, token 1 (d8-d15 are saved)
//   x4   activation scales                         v16-v23  integer sums, same order
//   x5   out: 256 B per token
//   v24-v31  d16: f32 sums, v8-v15 those of the two runs of an activation scale
//   x6   prefetch stream   x7  weights   x8  runs left   x9  runs of a group of four (c16)
//   x10  first token of the pair   x11  tokens   x12-x14  temporary
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
  movi v\r\().4s, #0
.endm
.macro dot r, w, a, lane
  sdot v\r\().4s, v\w\().16b, v\a\().4b[\lane]
.endm
.macro start_c16 r, t
  ldr s6, [x3, #((\t)*64)]
  dup v\r\().4s, v6.s[0]
.endm
.macro start_d32 r, t
  clear \r
.endm
.macro start_d16 r, t
  clear \r
.endm
.macro start_k32 r, t
  clear \r
.endm
.macro start_k16 r, t
  clear \r
.endm
.macro start_w32 r, t
  clear \r
.endm
.macro to_float r
  scvtf v\r\().4s, v\r\().4s
.endm
.macro times r, s
  fmul v\r\().4s, v\r\().4s, v\s\().4s
.endm
.macro scale_d32 r, t
  ldr s6, [x4, #((\t)*32)]
  fmul v\r\().4s, v\r\().4s, v6.s[0]
.endm
.macro scale_d16 r, t
.endm
.macro first_of_two to, r, s
  to_float \r
  fmul v\to\().4s, v\r\().4s, v\s\().4s
.endm
.macro join_runs acc, two, t
  ldr s6, [x4, #((\t)*64)]
  fmla v\acc\().4s, v\two\().4s, v6.s[0]
.endm
// d16: the first run of each activation scale, in v8-v15
.macro first_run tokens
  .set t, 0
  .rept 4*\tokens
    clear %(16 + t)
    .set t, t + 1
  .endr
  four_quads \tokens, 0
  ldp q0, q1, [x2], #32
  ldp q2, q3, [x2], #32
  .set t, 0
  .rept 4*\tokens
    first_of_two %(8 + t), %(16 + t), %(t % 4)
    .set t, t + 1
  .endr
  add x1, x1, #16
.endm
.macro scale_k32 r, t
.endm
.macro scale_k16 r, t
.endm
.macro scale_w32 r, t
.endm
.macro scale_c16 r, t
.endm
.macro accumulate acc, r, s
  fmla v\acc\().4s, v\r\().4s, v\s\().4s
.endm
.macro finish_d32 acc, t, part
  ldr q6, [x5, #((\t)*256 + (\part)*16)]
  fadd v6.4s, v6.4s, v\acc\().4s
  str q6, [x5, #((\t)*256 + (\part)*16)]
.endm
.macro finish_d16 acc, t, part
  finish_d32 \acc, \t, \part
.endm
.macro add_scaled acc, t, part, at
  ldr s7, [x4, #(\at)]
  ldr q6, [x5, #((\t)*256 + (\part)*16)]
  fmla v6.4s, v\acc\().4s, v7.s[0]
  str q6, [x5, #((\t)*256 + (\part)*16)]
.endm
.macro finish_k32 acc, t, part
  add_scaled \acc, \t, \part, %((\t)*32)
.endm
.macro finish_k16 acc, t, part
  add_scaled \acc, \t, \part, %((\t)*64)
.endm
.macro finish_w32 acc, t, part
  add_scaled \acc, \t, \part, %((\t)*4)
.endm
.macro finish_c16 acc, t, part
  finish_w32 \acc, \t, \part
.endm

// four quads from x7, activations from x1 + at
.macro four_quads tokens, at
  ldr q4, [x1, #(\at)]
  .if \tokens == 2
    ldr q5, [x1, #(256 + \at)]
  .endif
  .set i, 0
  .rept 4
    ldp q0, q1, [x7], #32
    ldp q2, q3, [x7], #32
    .set t, 0
    .rept \tokens
      .set r, 0
      .rept 4
        dot %(16 + 4*t + r), %r, %(4 + t), %i
        .set r, r + 1
      .endr
      .set t, t + 1
    .endr
    .set i, i + 1
  .endr
.endm

// Minima: pairs of 16 bits in m (low then high), sums s likewise: mla of 32-bit lanes.
.macro min_part r, s, lane, at
  ldr q0, [x7, #(\at)]
  ushr v1.4s, v0.4s, #16
  bic v0.4s, #0xff, lsl #16
  bic v0.4s, #0xff, lsl #24
  mla v\r\().4s, v0.4s, v\s\().s[\lane]
.endm
.macro min_high r, s, lane
  mla v\r\().4s, v1.4s, v\s\().s[\lane]
.endm
.macro load_dmin at
  ldr q6, [x7, #(\at)]
.endm
// w32: the f32 sums start with -dmin * sum of min * activation sum; x7 = start of the unit
.macro minima tokens
  add x7, x7, #UNIT_S
  .set t, 0
  .rept \tokens
    min_token %t
    .set t, t + 1
  .endr
  sub x7, x7, #UNIT_S
.endm
.macro min_token t
  ldr q2, [x3, #((\t)*16)]
  sxtl v4.4s, v2.4h
  sxtl2 v5.4s, v2.8h
  .set r, 0
  .rept 4
    clear %(8 + 4*\t + r)
    .set i, 0
    .rept 4
      min_part %(8 + 4*\t + r), %(4 + i/2), %(2*(i % 2)), %(UNIT_M - UNIT_S + i*64 + r*16)
      min_high %(8 + 4*\t + r), %(4 + i/2), %(2*(i % 2) + 1)
      .set i, i + 1
    .endr
    to_float %(8 + 4*\t + r)
    load_dmin %(UNIT_DMIN - UNIT_S + r*16)
    times %(8 + 4*\t + r), 6
    .set r, r + 1
  .endr
.endm

// The runs of one or two tokens from x10.
.macro tokens_pass mode, tokens, quads, side_shift, scale_shift
  ldp x7, x1, [x0, #UNIT]
  ldp x3, x4, [x0, #SIDE]
  ldr x5, [x0, #SUM]
  ldr x8, [x0, #RUNS]
  add x1, x1, x10, lsl #8
  add x5, x5, x10, lsl #8
  add x3, x3, x10, lsl #\side_shift
  add x4, x4, x10, lsl #\scale_shift
  mov x12, #UNIT_S
  add x2, x7, x12
  .ifc \mode, w32
    minima \tokens
  .else
    .set t, 0
    .rept 4*\tokens
      clear %(8 + t)
      .set t, t + 1
    .endr
  .endif
  .ifc \mode, c16
    mov x8, #16
    mov x9, #4
  .endif
  .ifc \mode, d16
    mov x8, #8
    .set t, 0
    .rept 4*\tokens
      clear %(24 + t)
      .set t, t + 1
    .endr
  .endif
1:
  prfm pldl2keep, [x6]
  .ifc \mode, d16
    first_run \tokens
  .endif
  .set t, 0
  .rept 4*\tokens
    start_\mode %(16 + t), %(t/4)
    .set t, t + 1
  .endr
  four_quads \tokens, 0
  .if \quads == 8
    four_quads \tokens, 16
  .endif
  ldp q0, q1, [x2], #32
  ldp q2, q3, [x2], #32
  .set t, 0
  .rept 4*\tokens
    to_float %(16 + t)
    scale_\mode %(16 + t), %(t/4)
    accumulate %(8 + t), %(16 + t), %(t % 4)
    .set t, t + 1
  .endr
  .ifc \mode, d16
    .set t, 0
    .rept 4*\tokens
      join_runs %(24 + t), %(8 + t), %(t/4)
      .set t, t + 1
    .endr
  .endif
  add x6, x6, #64
  .ifc \mode, c16
    add x3, x3, #4
    add x1, x1, #64
    subs x9, x9, #1
    b.ne 2f
    mov x9, #4
    sub x1, x1, #240
2:
  .else
    add x1, x1, #(4*\quads)
    .ifc \mode, d32
      add x4, x4, #4
    .endif
    .ifc \mode, d16
      add x4, x4, #8
    .endif
  .endif
  subs x8, x8, #1
  b.ne 1b
  .set t, 0
  .rept 4*\tokens
    .ifc \mode, d16
      finish_\mode %(24 + t), %(t/4), %(t % 4)
    .else
      finish_\mode %(8 + t), %(t/4), %(t % 4)
    .endif
    .set t, t + 1
  .endr
.endm

.macro tile mode, quads, side_shift, scale_shift
.globl quant_tile_\mode
.hidden quant_tile_\mode
.p2align 4
quant_tile_\mode:
  stp d8, d9, [sp, #-64]!
  stp d10, d11, [sp, #16]
  stp d12, d13, [sp, #32]
  stp d14, d15, [sp, #48]
  mov x10, #0
  ldr x11, [x0, #COUNT]
  ldr x6, [x0, #AHEAD]
3:
  sub x12, x11, #1
  cmp x10, x12
  b.ge 4f
  tokens_pass \mode, 2, \quads, \side_shift, \scale_shift
  add x10, x10, #2
  b 3b
4:
  cmp x10, x11
  b.ge 5f
  tokens_pass \mode, 1, \quads, \side_shift, \scale_shift
5:
  ldp d10, d11, [sp, #16]
  ldp d12, d13, [sp, #32]
  ldp d14, d15, [sp, #48]
  ldp d8, d9, [sp], #64
  ret
.endm

tile d32, 8, 5, 5
tile d16, 4, 6, 6
tile k32, 8, 5, 5
tile k16, 4, 6, 6
tile w32, 8, 4, 2
tile c16, 4, 6, 2

# VNNI tiles: 16 weight rows (lanes) x 1..16 tokens x 256 columns, weights unpacked in L1 (Unit), activations broadcast from
# memory by vpdpbusd itself. Two of these a cycle with a latency of 4 need more chains than four tokens give: six at a time.
# void quant_tile_<mode>(const Tile*), System V; see quant.h for the layouts and the formula.
#
#   d32  32-column blocks, activation scale per block: 80 % of the vpdpbusd peak at most (8 of 10 multiplier slots)
#   d16  the same with two runs of 16 to a scale: 8 of 11 slots; three tokens at a time, their second runs in zmm12-14, its scale in zmm15
#   k32  runs of 32, activation scale per superblock: 8 of 9 slots
#   k16  the same with runs of 16: 4 of 5 slots
#   w32  runs of 32 with minima: 8 of 9 slots, 4 vpdpwssd per superblock for the minima
#   c16  runs of 16: 4 of 5 slots
#
# Register map
#   rdi   Tile*, then weights of the run           zmm0-7    weights of the run, 4 columns each (w32 start: zmm0-3 minima)
#   rsi   activations of the run (256 B per token) zmm8      scale of the run (w32 start: -dmin)
#   rdx   scales                                   zmm9-14   integer sums of six tokens
#   rcx   start values (d32, c16) or sums (w32)    zmm16-31  f32 sums of the tokens
#   r8    activation scales
#   r9    out: 256 B per token
#   rax   prefetch stream
#   r10d  runs left, r11d runs of a group of four (c16)
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
  vpxord zmm\r, zmm\r, zmm\r
.endm
.macro start_d32 r, t
  vpbroadcastd zmm\r, dword ptr [rcx + (\t)*32]
.endm
.macro start_d16 r, t
  vpbroadcastd zmm\r, dword ptr [rcx + (\t)*64]
.endm
.macro start_k32 r, t
  start_d32 \r, \t
.endm
.macro start_k16 r, t
  start_d16 \r, \t
.endm
.macro start_c16 r, t
  vpbroadcastd zmm\r, dword ptr [rcx + (\t)*64]
.endm
.macro start_w32 r, t
  vpxord zmm\r, zmm\r, zmm\r
.endm
.macro dot r, i, t
  vpdpbusd zmm\r, zmm\i, dword ptr [rsi + (\t)*256 + (\i)*4]{1to16}
.endm
.macro dot_min r, i, t
  vpdpwssd zmm\r, zmm\i, dword ptr [rcx + (\t)*16 + (\i)*4]{1to16}
.endm
.macro to_float r
  vcvtdq2ps zmm\r, zmm\r
.endm
.macro scale_d32 r, t
  vmulps zmm\r, zmm\r, dword ptr [r8 + (\t)*32]{1to16}
.endm
.macro scale_k32 r, t
.endm
.macro scale_k16 r, t
.endm
.macro scale_w32 r, t
.endm
.macro scale_c16 r, t
.endm
.macro accumulate acc, r
  vfmadd231ps zmm\acc, zmm8, zmm\r
.endm
.macro times_dmin acc, r
  vmulps zmm\acc, zmm\r, zmm8
.endm
.macro finish_d32 acc, t
  vaddps zmm\acc, zmm\acc, [r9 + (\t)*256]
  vmovaps [r9 + (\t)*256], zmm\acc
.endm
.macro finish_d16 acc, t
  finish_d32 \acc, \t
.endm
.macro add_scaled acc, t, at
  vmovaps zmm10, [r9 + (\t)*256]
  vfmadd231ps zmm10, zmm\acc, dword ptr [r8 + \at]{1to16}
  vmovaps [r9 + (\t)*256], zmm10
.endm
.macro finish_k32 acc, t
  add_scaled \acc, \t, %((\t)*32)
.endm
.macro finish_k16 acc, t
  add_scaled \acc, \t, %((\t)*64)
.endm
.macro finish_w32 acc, t
  add_scaled \acc, \t, %((\t)*4)
.endm
.macro finish_c16 acc, t
  finish_w32 \acc, \t
.endm
.macro load_quad i
  vmovdqa32 zmm\i, [rdi + (\i)*64]
.endm
.macro load_min i
  vmovdqa32 zmm\i, [rdi + UNIT_M + (\i)*64]
.endm

# activation scales of a block stay, those of runs move on
.macro scale_next mode
  .ifc \mode, d32
    add r8, 4
  .endif
  .ifc \mode, d16
    add r8, 8
  .endif
.endm

# d16: tokens t0 .. t0+n-1 of two runs
.macro start_next r, t
  vpbroadcastd zmm\r, dword ptr [rcx + (\t)*64 + 4]
.endm
.macro join_runs acc, r, s, t
  vmulps zmm\r, zmm8, zmm\r
  vfmadd231ps zmm\r, zmm15, zmm\s
  vfmadd231ps zmm\acc, zmm\r, dword ptr [r8 + (\t)*64]{1to16}
.endm
.macro some_two t0, n
  .set t, 0
  .rept n
    start_d16 %(9 + t), %(t0 + t)
    start_next %(12 + t), %(t0 + t)
    .set t, t + 1
  .endr
  .set q, 0
  .rept 8
    .set t, 0
    .rept n
      dot %(9 + t + q/4*3), %q, %(t0 + t)
      .set t, t + 1
    .endr
    .set q, q + 1
  .endr
  .set t, 0
  .rept n
    to_float %(9 + t)
    to_float %(12 + t)
    join_runs %(16 + t0 + t), %(9 + t), %(12 + t), %(t0 + t)
    .set t, t + 1
  .endr
.endm

# tokens t0 .. t0+n-1 of the run, their chains interleaved
.macro some_tokens mode, quads, t0, n
  .set t, 0
  .rept n
    start_\mode %(9 + t), %(t0 + t)
    .set t, t + 1
  .endr
  .set q, 0
  .rept quads
    .set t, 0
    .rept n
      dot %(9 + t), %q, %(t0 + t)
      .set t, t + 1
    .endr
    .set q, q + 1
  .endr
  .set t, 0
  .rept n
    to_float %(9 + t)
    .set t, t + 1
  .endr
  .set t, 0
  .rept n
    scale_\mode %(9 + t), %(t0 + t)
    .set t, t + 1
  .endr
  .set t, 0
  .rept n
    accumulate %(16 + t0 + t), %(9 + t)
    .set t, t + 1
  .endr
.endm

# w32: the sums start with -dmin * sum of min * activation sum
.macro minima tokens
  .set i, 0
  .rept 4
    load_min %i
    .set i, i + 1
  .endr
  vmovaps zmm8, [rdi + UNIT_DMIN]
  .set t, 0
  .rept tokens
    clear %(10 + t % 4)
    .set i, 0
    .rept 4
      dot_min %(10 + t % 4), %i, %t
      .set i, i + 1
    .endr
    to_float %(10 + t % 4)
    times_dmin %(16 + t), %(10 + t % 4)
    .set t, t + 1
  .endr
.endm

.macro tile mode, quads, ahead, tokens
.p2align 6
tile_\mode\()_\tokens:
  .ifc \mode, w32
    minima \tokens
  .else
    .set t, 0
    .rept \tokens
      clear %(16 + t)
      .set t, t + 1
    .endr
    mov r11d, 4
  .endif
  .p2align 6
1:
  .set i, 0
  .rept \quads
    load_quad %i
    .set i, i + 1
  .endr
  vmovaps zmm8, [rdx]
  .set i, 0
  .rept \ahead
    prefetcht1 [rax + i*64]
    .set i, i + 1
  .endr
  .set first, 0
  .ifc \mode, d16
    vmovaps zmm15, [rdx + 64]
    .set groups, (\tokens + 2) / 3
  .else
    .set groups, (\tokens + 5) / 6
  .endif
  .rept groups
    .set width, (\tokens - first + groups - 1) / groups
    .ifc \mode, d16
      some_two %first, %width
    .else
      some_tokens \mode, \quads, %first, %width
    .endif
    .set first, first + width
    .set groups, groups - 1
  .endr
  add rdi, \quads * 64
  .ifc \mode, d16
    add rdx, 128
    add rcx, 4
  .else
    add rdx, 64
  .endif
  add rax, \ahead * 64
  .ifc \mode, c16
    add rcx, 4
    add rsi, 64
    dec r11d
    jnz 2f
    mov r11d, 4
    sub rsi, 240
2:
  .else
    add rsi, \quads * 4
    .ifnc \mode, w32
      add rcx, 4
      scale_next \mode
    .endif
  .endif
  dec r10d
  jnz 1b
  .set t, 0
  .rept \tokens
    finish_\mode %(16 + t), %t
    .set t, t + 1
  .endr
  vzeroupper
  ret
.endm

.macro offset mode, tokens
  .long tile_\mode\()_\tokens - table_\mode
.endm

.macro entry mode, runs
.globl quant_tile_\mode
.hidden quant_tile_\mode
.p2align 6
quant_tile_\mode:
  mov rsi, [rdi + ACT]
  mov rcx, [rdi + SIDE]
  mov r8, [rdi + SCALE]
  mov r9, [rdi + SUM]
  mov rax, [rdi + AHEAD]
  mov rdx, [rdi + COUNT]
  lea r11, [rip + table_\mode]
  movsxd rdx, dword ptr [r11 + rdx*4 - 4]
  add r11, rdx
  .if \runs
    mov r10d, \runs
  .else
    mov r10d, [rdi + RUNS]
  .endif
  mov rdi, [rdi + UNIT]
  lea rdx, [rdi + UNIT_S]
  jmp r11
.p2align 2
table_\mode:
  .set n, 1
  .rept 16
    offset \mode, %n
    .set n, n + 1
  .endr
.endm

.macro all mode, quads, ahead, runs
  entry \mode, \runs
  .set n, 1
  .rept 16
    tile \mode, \quads, \ahead, %n
    .set n, n + 1
  .endr
.endm

all d32, 8, 9, 0
all d16, 8, 8, 8
all k32, 8, 5, 8
all k16, 4, 3, 16
all w32, 8, 5, 8
all c16, 4, 4, 16

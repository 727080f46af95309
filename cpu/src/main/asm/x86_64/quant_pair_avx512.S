# VNNI tiles of two row groups: 32 weight rows x 1..16 tokens x 256 columns. Units and sums as for the tiles of one group (quant_tile_avx512.S),
# those of the second group right behind the first. void quant_pair_<mode>(const Tile*), System V.
#
# A tile of one group loads an activation for every vpdpbusd, so that the two loads of a cycle bound it; here one load serves two, and
# with six tokens in turn twelve chains hide the latency. Sums have the same order, so the same bits.
#
# Register map
#   rdi   Tile*                                     zmm0-1    weights of a quad, first and second group
#   rsi   activations of the run (256 B per token)  zmm2-3    activations of a quad, in turn
#   rdx   weights   r12  scales                      zmm4-5    scales of the run; w32 start: -dmin
#   rcx   start values or sums of a token (SIDE)    zmm6      activation scale of a token
#   r8    activation scales                         zmm8-19   integer sums: token t, group g in 8 + 2t + g
#   r9    out: 256 B per token, 64 B per group      zmm20-31  f32 sums, same order
#   rax   activations of the next tokens, which come into L1 on the way; r13, r14  what AHEAD and AHEAD_2 say, into L2
#   r10d  runs left   r11d  tokens left   ebx  runs of a group of four (c16)   r15  what the minima are multiplied by (MINIMA)
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
.set AHEAD_2, 64
.set MINIMA, 72
.set UNIT_S, 4096
.set UNIT_M, 5120
.set UNIT_DMIN, 5632
.set UNIT_2, 5696

.macro clear r
  vpxord zmm\r, zmm\r, zmm\r
.endm
.macro start_both r, s, at
  vpbroadcastd zmm\r, dword ptr [rcx + \at]
  vmovdqa32 zmm\s, zmm\r
.endm
.macro dot_both r, s, b, at
  vpbroadcastd zmm\b, dword ptr [rsi + \at]
  vpdpbusd zmm\r, zmm0, zmm\b
  vpdpbusd zmm\s, zmm1, zmm\b
.endm
.macro min_both r, s, b, base, at
  vpbroadcastd zmm\b, dword ptr [\base + \at]
  vpdpwssd zmm\r, zmm0, zmm\b
  vpdpwssd zmm\s, zmm1, zmm\b
.endm
.macro to_float r
  vcvtdq2ps zmm\r, zmm\r
.endm
.macro scale_both r, s, at
  vbroadcastss zmm6, dword ptr [r8 + \at]
  vmulps zmm\r, zmm\r, zmm6
  vmulps zmm\s, zmm\s, zmm6
.endm
.macro accumulate acc, r, scale
  vfmadd231ps zmm\acc, zmm\scale, zmm\r
.endm
.macro times_dmin acc, r, dmin
  vmulps zmm\acc, zmm\r, zmm\dmin
.endm
.macro add_plain acc, at
  vaddps zmm\acc, zmm\acc, [r9 + \at]
  vmovaps [r9 + \at], zmm\acc
.endm
.macro add_scaled acc, at
  vmovaps zmm2, [r9 + \at]
  vfmadd231ps zmm2, zmm\acc, zmm6
  vmovaps [r9 + \at], zmm2
.endm
.macro load_scale at
  vbroadcastss zmm6, dword ptr [r8 + \at]
.endm

# The integer sums of one run of `n` tokens, in zmm8-19; side: bytes of a token's start values, 0: starts are zero.
.macro dots n, quads, side
  .set t, 0
  .rept \n
    .if \side
      start_both %(8 + 2*t), %(9 + 2*t), %(t*\side)
    .else
      clear %(8 + 2*t)
      clear %(9 + 2*t)
    .endif
    .set t, t + 1
  .endr
  .set q, 0
  .rept \quads
    vmovdqa32 zmm0, [rdx + q*64]
    vmovdqa32 zmm1, [rdx + UNIT_2 + q*64]
    .set t, 0
    .rept \n
      dot_both %(8 + 2*t), %(9 + 2*t), %(2 + t % 2), %(t*256 + q*4)
      .set t, t + 1
    .endr
    .set q, q + 1
  .endr
  .set t, 0
  .rept 2*\n
    to_float %(8 + t)
    .set t, t + 1
  .endr
.endm

.macro clear_sums n
  .set t, 0
  .rept 2*\n
    clear %(8 + t)
    .set t, t + 1
  .endr
.endm

# -dmin times the sums of `n` tokens over `pairs` pairs of minima by what they are multiplied by, `side` bytes of it for a token at `base`;
# into the registers from `to` on.
.macro minima n, pairs, base, side, to
  clear_sums \n
  .set q, 0
  .rept \pairs
    vmovdqa32 zmm0, [rdx + UNIT_M + q*64]
    vmovdqa32 zmm1, [rdx + UNIT_2 + UNIT_M + q*64]
    .set t, 0
    .rept \n
      min_both %(8 + 2*t), %(9 + 2*t), %(2 + t % 2), \base, %(t*\side + q*4)
      .set t, t + 1
    .endr
    .set q, q + 1
  .endr
  vmovaps zmm4, [rdx + UNIT_DMIN]
  vmovaps zmm5, [rdx + UNIT_2 + UNIT_DMIN]
  .set t, 0
  .rept 2*\n
    to_float %(8 + t)
    times_dmin %(\to + t), %(8 + t), %(4 + t % 2)
    .set t, t + 1
  .endr
.endm

.macro first_of_two to, r, scale
  vmulps zmm\to, zmm\scale, zmm\r
.endm
# d16: the runs of an activation scale, in zmm16-19 and zmm28-31
.macro next_run n, quads, side
  dots \n, \quads, \side
  vmovaps zmm4, [r12]
  vmovaps zmm5, [r12 + UNIT_2]
  add rdx, \quads * 64
  add rcx, 4
  add rsi, \quads * 4
  add r12, 64
.endm
.macro two_runs n, quads, side, scales
  next_run \n, \quads, \side
  .set t, 0
  .rept 2*\n
    first_of_two %(16 + t + t/4*8), %(8 + t), %(4 + t % 2)
    .set t, t + 1
  .endr
  next_run \n, \quads, \side
  .set t, 0
  .rept 2*\n
    accumulate %(16 + t + t/4*8), %(8 + t), %(4 + t % 2)
    .set t, t + 1
  .endr
  .set t, 0
  .rept \n
    load_scale %(t*\scales)
    accumulate %(20 + 2*t), %(16 + 2*t + t/2*8), 6
    accumulate %(21 + 2*t), %(17 + 2*t + t/2*8), 6
    .set t, t + 1
  .endr
  add r8, 8
.endm

.macro low_float r, s, b, at
  vbroadcastss zmm\b, dword ptr [r15 + \at]
  vfmadd231ps zmm\r, zmm0, zmm\b
  vfmadd231ps zmm\s, zmm1, zmm\b
.endm
.macro add_plain_low acc, low, at
  vaddps zmm\acc, zmm\acc, [r9 + \at]
  vaddps zmm\acc, zmm\acc, zmm\low
  vmovaps [r9 + \at], zmm\acc
.endm
.macro add_scaled_low acc, low, at
  vmovaps zmm2, [r9 + \at]
  vfmadd231ps zmm2, zmm\acc, zmm6
  vfmadd231ps zmm2, zmm\low, zmm6
  vmovaps [r9 + \at], zmm2
.endm

# The sums of `n` tokens and what the minima add to them, in zmm8-19: f32 of 8 runs (by_run), or -dmin times integers of `runs` runs, two
# to a vector.
.macro add_with_minima n, runs, side, by_run
  mov rdx, [rdi + UNIT]
  .if \by_run
    clear_sums \n
    .set q, 0
    .rept 8
      vmovaps zmm0, [rdx + UNIT_M + q*64]
      vmovaps zmm1, [rdx + UNIT_2 + UNIT_M + q*64]
      .set t, 0
      .rept \n
        low_float %(8 + 2*t), %(9 + 2*t), %(2 + t % 2), %(t*\side + q*4)
        .set t, t + 1
      .endr
      .set q, q + 1
    .endr
  .else
    minima \n, %(\runs / 2), r15, \side, 8
  .endif
  .set t, 0
  .rept \n
    .if \by_run
      add_plain_low %(20 + 2*t), %(8 + 2*t), %(t*256)
      add_plain_low %(21 + 2*t), %(9 + 2*t), %(t*256 + 64)
    .else
      load_scale %(t*\side)
      add_scaled_low %(20 + 2*t), %(8 + 2*t), %(t*256)
      add_scaled_low %(21 + 2*t), %(9 + 2*t), %(t*256 + 64)
    .endif
    .set t, t + 1
  .endr
  add r15, \n * \side
.endm

.macro runs_to_r10 count
  .if \count
    mov r10d, \count
  .else
    mov r10, [rdi + RUNS]
  .endif
.endm

# n tokens: quads of a run, runs (0: as RUNS says), bytes of a token's start values and scales, whether scales are those of runs,
# whether sums start with minima, whether there may be minima at the end (MINIMA), whether runs go 0 4 8 12 1 5 ..., lines of each stream that a
# run prefetches: the three passes of 16 tokens bring in a superblock; whether runs go two by two (a count of them then)
.macro pass mode, n, quads, runs, side, scales, by_run, mins, low, strided, lines, two
.p2align 6
pair_\mode\()_\n:
  mov rdx, [rdi + UNIT]
  .if \mins                        # w32: the f32 sums start with them
    minima \n, 4, rcx, 16, 20
  .else
    .set t, 0
    .rept 2*\n
      clear %(20 + t)
      .set t, t + 1
    .endr
  .endif
  .if \strided
    mov ebx, 4
  .endif
  lea r12, [rdx + UNIT_S]
  runs_to_r10 \runs
  lea rax, [rsi + \n * 256]
  .set t, 0
  .rept \n
    prefetcht0 [r9 + t*256]
    prefetcht0 [r9 + t*256 + 64]
    .set t, t + 1
  .endr
  .p2align 6
1:
  .set i, 0
  .rept (\n * \quads * (1 + \two) + 15) / 16
    prefetcht0 [rax + i*64]
    .set i, i + 1
  .endr
  .set i, 0
  .rept \lines
    prefetcht1 [r13 + i*64]
    prefetcht1 [r14 + i*64]
    .set i, i + 1
  .endr
  add rax, (\n * \quads * (1 + \two) + 15) / 16 * 64
  add r13, \lines * 64
  add r14, \lines * 64
  .if \two
    two_runs \n, \quads, \side, \scales
  .else
  .if \mins
    dots \n, \quads, 0
  .else
    dots \n, \quads, \side
  .endif
  vmovaps zmm4, [r12]
  vmovaps zmm5, [r12 + UNIT_2]
  .set t, 0
  .rept \n
    .if \by_run
      scale_both %(8 + 2*t), %(9 + 2*t), %(t*\scales)
    .endif
    accumulate %(20 + 2*t), %(8 + 2*t), 4
    accumulate %(21 + 2*t), %(9 + 2*t), 5
    .set t, t + 1
  .endr
  add rdx, \quads * 64
  add r12, 64
  .if \mins == 0
    add rcx, 4
  .endif
  .if \by_run
    add r8, 4
  .endif
  .if \strided
    add rsi, 64
    dec ebx
    jnz 2f
    mov ebx, 4
    sub rsi, 240
2:
  .else
    add rsi, \quads * 4
  .endif
  .endif
  dec r10d
  jnz 1b
  .if \low
    cmp qword ptr [rdi + MINIMA], 0
    je 7f
    add_with_minima \n, \runs, \side, \by_run
    jmp 8f
7:
  .endif
  .set t, 0
  .rept \n
    .if \by_run
      add_plain %(20 + 2*t), %(t*256)
      add_plain %(21 + 2*t), %(t*256 + 64)
    .else
      load_scale %(t*\scales)
      add_scaled %(20 + 2*t), %(t*256)
      add_scaled %(21 + 2*t), %(t*256 + 64)
    .endif
    .set t, t + 1
  .endr
8:
  # back from the last run, on to the next tokens
  runs_to_r10 \runs
  .if \strided
    sub rsi, 64
  .else
    imul rdx, r10, \quads * 4 * (1 + \two)
    sub rsi, rdx
  .endif
  shl r10d, 2 + \two
  .if \mins == 0
    sub rcx, r10
  .endif
  .if \by_run
    sub r8, r10
  .endif
  add rsi, \n * 256
  add rcx, \n * \side
  add r8, \n * \scales
  add r9, \n * 256
  jmp next_\mode
.endm

.macro offset mode, n
  .long pair_\mode\()_\n - table_\mode
.endm

.macro pair mode, quads, runs, side, scales, by_run, mins, low, strided, lines, two, most
.globl quant_pair_\mode
.hidden quant_pair_\mode
.p2align 6
quant_pair_\mode:
  push rbx
  push r12
  push r13
  push r14
  push r15
  mov rsi, [rdi + ACT]
  mov rcx, [rdi + SIDE]
  mov r8, [rdi + SCALE]
  mov r9, [rdi + SUM]
  mov r11, [rdi + COUNT]
  mov r13, [rdi + AHEAD]
  mov r14, [rdi + AHEAD_2]
  mov r15, [rdi + MINIMA]
  jmp 4f
next_\mode:
  test r11d, r11d
  jz 6f
4:
  mov r10d, \most                  # at most six, or four where runs go two by two; less than twice as many tokens: half of them
  cmp r11d, 2*\most
  jae 5f
  mov r10d, r11d
  cmp r11d, \most
  jbe 5f
  inc r10d
  shr r10d
5:
  sub r11d, r10d
  lea rdx, [rip + table_\mode]
  movsxd r12, dword ptr [rdx + r10*4 - 4]
  add rdx, r12
  jmp rdx
6:
  vzeroupper
  pop r15
  pop r14
  pop r13
  pop r12
  pop rbx
  ret
.p2align 2
table_\mode:
  .set n, 1
  .rept \most
    offset \mode, %n
    .set n, n + 1
  .endr
  .set n, 1
  .rept \most
    pass \mode, %n, \quads, \runs, \side, \scales, \by_run, \mins, \low, \strided, \lines, \two
    .set n, n + 1
  .endr
.endm

pair d32, 8, 0, 32, 32, 1, 0, 1, 0, 3, 0, 6
pair d16, 4, 8, 64, 64, 1, 0, 0, 0, 2, 1, 4
pair k32, 8, 8, 32, 32, 0, 0, 1, 0, 2, 0, 6
pair k16, 4, 16, 64, 64, 0, 0, 1, 0, 1, 0, 6
pair w32, 8, 8, 16, 4, 0, 1, 0, 0, 2, 0, 6
pair c16, 4, 16, 64, 4, 0, 0, 0, 1, 2, 0, 6

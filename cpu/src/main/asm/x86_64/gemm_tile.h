// The part of the x86-64 GEMM tiles that does not depend on the vector length.
//
// void gemm_tile(int64_t k, const float* a, const void* b, float* c, int64_t ldc_bytes, int64_t variant, const void* ahead, int64_t rate)
//   C[mr][2 vectors] = or += A panel [k][mr] x B panel [k][2 vectors]
//   variant bits 0..7   (ordered * 3 + type of B) * MR_MAX + mr - 1; type 0 f32, 1 f16, 2 bf16; 6 * MR_MAX + mr - 1: bf16 in pairs
//   variant bit  8      1: add to C, 0: overwrite C
//   ahead, rate         what later tiles will read: rate / 2^32 pairs of lines are prefetched from there with each k step (type 3:
//                       with each pair of k steps), evenly; 0 <= rate < 2^32, the low 10 bits are zero; fast only. A prefetch of each
//                       line of B a fixed distance ahead costs 3 % where B comes from L3: the hardware knows that stream
// System V arguments; clobbers what that convention allows.
//
// fast: fused multiply-add; few rows take 2 or 4 accumulator sets, k step by k step in turn, added up at the end, because
//   two FMA a cycle with a latency of 4 need more than 8 chains (4 rows, 8 chains: 86 %, 16 chains: 98 %).
// ordered: the sums of the portable kernels (gemm_bt.gk): multiply, then add, in runs of 32 k steps from zero; the sum of
//   each run is added to the total, which lies in C.

.macro ZERO_ALL count
    n = 4
    .rept \count
        ZERO %n
        n = n + 1
    .endr
.endm

.macro STEP ordered, type, mr, set, u
    .if \ordered
        .if (\u*b_step) % 64 == 0
            prefetcht0 [rdx + \u*b_step + AHEAD]
        .endif
        .if b_step > 64
            prefetcht0 [rdx + \u*b_step + 64 + AHEAD]
        .endif
    .else
        add r9d, [rsp + 16]         // bits 10..31: fraction of the next pair of lines
        jnc 9f
        prefetcht0 [rdi]
        prefetcht0 [rdi + 64]
        sub rdi, -128
9:
    .endif
    LOAD_B \type, \u
    ROWS \ordered, \type, \mr, \set, \u
.endm

.macro ROWS ordered, type, mr, set, u
    r = 0
    .rept \mr
        .if \type == 3
            PAIR_ROW %(2 + (r & 1)), %(4 + 2*(\set*\mr + r)), %(5 + 2*(\set*\mr + r)), %(4*(\u*\mr + r))
        .else
            ROW \ordered, %(2 + (r & 1)), %(4 + 2*(\set*\mr + r)), %(5 + 2*(\set*\mr + r)), %(4*(\u*\mr + r))
        .endif
        r = r + 1
    .endr
.endm

// The next row of C. All at once at the start of a tile they take the place of loads of A and B: 1 to 3 %.
.macro PREFETCH_ROW
    prefetchw [r11]
    prefetchw [r11 + VECTOR]
    add r11, r8
.endm

.macro PREFETCH_ROWS mr
    .rept \mr
        PREFETCH_ROW
    .endr
.endm

// rax k steps, four at a time; fast: each 32 bring a row of C.
.macro STEPS ordered, type, mr, sets
    mov r10, rax
    shr r10, 2
    jz 2f
    .p2align 6
1:
    STEP \ordered, \type, \mr, 0, 0
    STEP \ordered, \type, \mr, %(1 % \sets), 1
    STEP \ordered, \type, \mr, %(2 % \sets), 2
    STEP \ordered, \type, \mr, %(3 % \sets), 3
    .if \ordered == 0
        test r10d, 7
        jnz 9f
        PREFETCH_ROW
9:
    .endif
    add rsi, 16*\mr
    add rdx, b_step*4
    dec r10
    jnz 1b
2:
    and eax, 3
    jz 4f
3:
    STEP \ordered, \type, \mr, 0, 0
    add rsi, 4*\mr
    add rdx, b_step
    dec eax
    jnz 3b
4:
.endm

.macro ADD_SETS mr, sets
    left = \sets / 2
    .rept 2
        n = 0
        .rept 2*\mr*left
            ADD_SET %(4 + n), %(4 + 2*\mr*left + n)
            n = n + 1
        .endr
        left = left / 2
    .endr
.endm

.macro STORE_ALL onto, mr
    mov r11, rcx
    r = 0
    .rept \mr
        STORE_ROW \onto, %(4 + 2*r), %(5 + 2*r)
        r = r + 1
    .endr
.endm

.macro FAST type, mr
    .if \mr <= MR_4_SETS
        sets = 4
    .elseif \mr <= MR_2_SETS
        sets = 2
    .else
        sets = 1
    .endif
    ZERO_ALL %(2*\mr*sets)
    mov rax, rdi
    .if \type == 3
        shr rax, 1
        and edi, 1
        shl edi, 9
        or r9d, edi                 // bit 9: k is odd
    .endif
    cmp rax, 32*\mr
    jae 5f
    PREFETCH_ROWS \mr
5:
    mov rdi, [rsp + 8]
    STEPS 0, \type, \mr, %sets
    .if \type == 3
        test r9d, 0x200
        jz 8f
        LOAD_B_LAST
        ROWS 0, \type, \mr, 0, 0
8:
    .endif
    ADD_SETS \mr, %sets
    .if \type == 3
        SORT_COLUMNS \mr
    .endif
    test r9d, 0x100
    jnz 5f
    STORE_ALL 0, \mr
    vzeroupper
    ret
5:
    STORE_ALL 1, \mr
    vzeroupper
    ret
.endm

.macro ORDERED type, mr
5:
    ZERO_ALL %(2*\mr)
    mov eax, 32
    cmp rdi, rax
    cmovb rax, rdi
    sub rdi, rax
    STEPS 1, \type, \mr, 1
    test r9d, 0x100
    jnz 6f
    STORE_ALL 0, \mr
    or r9d, 0x100                   // the first run may overwrite, the others add
    jmp 7f
6:
    STORE_ALL 1, \mr
7:
    test rdi, rdi
    jnz 5b
    vzeroupper
    ret
.endm

.macro TILE ordered, type, mr
    .p2align 6
tile_\ordered\()_\type\()_\mr:
    .if \type == 0 || \type == 3
        b_step = 2*VECTOR
    .else
        b_step = VECTOR
    .endif
    mov r11, rcx
    .if \ordered
        PREFETCH_ROWS \mr
        ORDERED \type, \mr
    .else
        FAST \type, \mr
    .endif
.endm

.macro TILES ordered, type
    mr = 1
    .rept MR_MAX
        TILE \ordered, \type, %mr
        mr = mr + 1
    .endr
.endm

.macro TABLE_ENTRY ordered, type, mr
    .long tile_\ordered\()_\type\()_\mr - tile_table
.endm

.macro TABLE_ENTRIES ordered, type
    mr = 1
    .rept MR_MAX
        TABLE_ENTRY \ordered, \type, %mr
        mr = mr + 1
    .endr
.endm

.globl gemm_tile
.hidden gemm_tile
.p2align 6
gemm_tile:
    movzx eax, r9b
    lea r10, [rip + tile_table]
    movsxd rax, dword ptr [r10 + 4*rax]
    add rax, r10
    jmp rax

TILES 0, 0
TILES 0, 1
TILES 0, 2
TILES 1, 0
TILES 1, 1
TILES 1, 2
#ifdef PAIRS
TILES 0, 3
#endif

.section .note.GNU-stack, "", @progbits
.section .rodata, "a"
.p2align 6
tile_table:
TABLE_ENTRIES 0, 0
TABLE_ENTRIES 0, 1
TABLE_ENTRIES 0, 2
TABLE_ENTRIES 1, 0
TABLE_ENTRIES 1, 1
TABLE_ENTRIES 1, 2
#ifdef PAIRS
TABLE_ENTRIES 0, 3
#endif

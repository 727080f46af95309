// Feature detection for Java, which cannot execute CPUID itself. Plain x86-64: runs everywhere.
#include "entry.h"

// out[0..3] = eax, ebx, ecx, edx of the leaf and subleaf.
ENTRY("llp>v") void cpuid(int64_t leaf, int64_t subleaf, uint32_t* out) {
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"((uint32_t)leaf), "c"((uint32_t)subleaf));
}

// out[0] = XCR0: the register states that the operating system saves. Only legal where CPUID.1:ECX.OSXSAVE is set.
ENTRY("p>v") void xgetbv(uint64_t* out) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    out[0] = (uint64_t)high << 32 | low;
}

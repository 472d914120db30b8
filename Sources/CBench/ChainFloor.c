#include "CBench.h"

#if defined(__x86_64__)

#include <cpuid.h>

bool sparekey_bench_chain_floor(uint64_t rounds) {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_SHA)) return false;
    if (rounds == 0) return true;
    __asm__ volatile(
        "1:\n\t"
        ".rept 32\n\t"
        "sha256rnds2 %%xmm0, %%xmm1, %%xmm2\n\t"
        "sha256rnds2 %%xmm0, %%xmm2, %%xmm1\n\t"
        ".endr\n\t"
        "dec %[rounds]\n\t"
        "jnz 1b\n\t"
        : [rounds] "+r"(rounds)
        :
        : "cc", "xmm0", "xmm1", "xmm2"
    );
    return true;
}

#else

bool sparekey_bench_chain_floor(uint64_t rounds) {
    (void)rounds;
    return false;
}

#endif

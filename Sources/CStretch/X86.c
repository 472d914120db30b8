#include "Stretch.h"

#if defined(__x86_64__)

#include <cpuid.h>

_Bool sparekey_stretch_x86_available(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3)) return 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

// Assembly and not intrinsics, because a debug build would spill every one of them to the stack and take seven times as
// long. What bounds the loop is the latency of 64 dependent `sha256rnds2` a round; all else fits in their shadow.
//
// Registers. The state is kept as the instructions want it: { a, b, e, f } and { c, d, g, h }, highest word first.
#define SUM "%%xmm0" // the implicit operand of sha256rnds2
#define ABEF "%%xmm1"
#define CDGH "%%xmm2"
#define W0 "%%xmm3"
#define W1 "%%xmm4"
#define W2 "%%xmm5"
#define W3 "%%xmm6"
#define SCRATCH "%%xmm7"
#define TAIL0 "%%xmm8" // the first half of `initial`, as message words
#define TAIL1 "%%xmm9"
#define SALT "%%xmm10"
#define FIRST_ABEF "%%xmm11" // the state that SHA-256 begins with
#define FIRST_CDGH "%%xmm12"
#define MIDDLE_ABEF "%%xmm13" // the state between the two blocks
#define MIDDLE_CDGH "%%xmm14"
#define SWAP "%%xmm15" // reverses the bytes of each word

#define FOUR_ROUNDS(words, t)                                                                                          \
    "movdqa 4*" #t "(%[constants]), " SUM "\n\t"                                                                       \
    "paddd " words ", " SUM "\n\t"                                                                                     \
    "sha256rnds2 " SUM ", " ABEF ", " CDGH "\n\t"                                                                      \
    "pshufd $0x0E, " SUM ", " SUM "\n\t"                                                                               \
    "sha256rnds2 " SUM ", " CDGH ", " ABEF "\n\t"

// The next four message words, from the last sixteen; they replace the oldest four.
#define NEXT_WORDS(w0, w1, w2, w3)                                                                                     \
    "movdqa " w3 ", " SCRATCH "\n\t"                                                                                   \
    "palignr $4, " w2 ", " SCRATCH "\n\t"                                                                              \
    "sha256msg1 " w1 ", " w0 "\n\t"                                                                                    \
    "paddd " SCRATCH ", " w0 "\n\t"                                                                                    \
    "sha256msg2 " w3 ", " w0 "\n\t"

#define SIXTEEN_ROUNDS(t0, t1, t2, t3)                                                                                 \
    NEXT_WORDS(W0, W1, W2, W3)                                                                                         \
    FOUR_ROUNDS(W0, t0)                                                                                                \
    NEXT_WORDS(W1, W2, W3, W0)                                                                                         \
    FOUR_ROUNDS(W1, t1)                                                                                                \
    NEXT_WORDS(W2, W3, W0, W1)                                                                                         \
    FOUR_ROUNDS(W2, t2)                                                                                                \
    NEXT_WORDS(W3, W0, W1, W2)                                                                                         \
    FOUR_ROUNDS(W3, t3)

#define SIXTY_FOUR_ROUNDS                                                                                              \
    FOUR_ROUNDS(W0, 0)                                                                                                 \
    FOUR_ROUNDS(W1, 4)                                                                                                 \
    FOUR_ROUNDS(W2, 8)                                                                                                 \
    FOUR_ROUNDS(W3, 12)                                                                                                \
    SIXTEEN_ROUNDS(16, 20, 24, 28)                                                                                     \
    SIXTEEN_ROUNDS(32, 36, 40, 44)                                                                                     \
    SIXTEEN_ROUNDS(48, 52, 56, 60)

// What the assembly reads besides its arguments.
struct fixed {
    uint32_t swap[4];
    uint32_t terminator[4]; // the 0x80 that follows the message, beside the round number
    uint32_t length[4];
    uint32_t first_abef[4];
    uint32_t first_cdgh[4];
};

static const struct fixed fixed __attribute__((aligned(16))) = {
    .swap = {0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f},
    .terminator = {0, 0, 0x80000000, 0},
    .length = {0, 0, 0, SPAREKEY_STRETCH_BITS},
    .first_abef = {0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667},
    .first_cdgh = {0x5be0cd19, 0x1f83d9ab, 0xa54ff53a, 0x3c6ef372},
};

void sparekey_stretch_x86(const uint8_t initial[32], const uint8_t salt[16], uint64_t rounds, uint8_t result[32]) {
    uint64_t round = 0, number;
    __asm__ volatile(
        "movdqa (%[fixed]), " SWAP "\n\t"
        "movdqa 48(%[fixed]), " FIRST_ABEF "\n\t"
        "movdqa 64(%[fixed]), " FIRST_CDGH "\n\t"
        "movdqu (%[initial]), " TAIL0 "\n\t"
        "movdqu 16(%[initial]), " TAIL1 "\n\t"
        "movdqu (%[salt]), " SALT "\n\t"
        "pshufb " SWAP ", " TAIL0 "\n\t"
        "pshufb " SWAP ", " TAIL1 "\n\t"
        "pshufb " SWAP ", " SALT "\n\t"
        // W0 and W1 carry `last` from round to round, as message words.
        "pxor " W0 ", " W0 "\n\t"
        "pxor " W1 ", " W1 "\n\t"
        "test %[rounds], %[rounds]\n\t"
        "jz 2f\n\t"
        ".p2align 5\n"
        "1:\n\t"
        "movdqa " FIRST_ABEF ", " ABEF "\n\t"
        "movdqa " FIRST_CDGH ", " CDGH "\n\t"
        "movdqa " TAIL0 ", " W2 "\n\t"
        "movdqa " TAIL1 ", " W3 "\n\t"
        SIXTY_FOUR_ROUNDS
        "paddd " FIRST_ABEF ", " ABEF "\n\t"
        "paddd " FIRST_CDGH ", " CDGH "\n\t"
        "movdqa " ABEF ", " MIDDLE_ABEF "\n\t"
        "movdqa " CDGH ", " MIDDLE_CDGH "\n\t"
        // The second block: salt, round number, terminator and length.
        "movdqa " SALT ", " W0 "\n\t"
        "mov %[round], %[number]\n\t"
        "bswap %[number]\n\t"
        "rol $32, %[number]\n\t"
        "movq %[number], " W1 "\n\t"
        "por 16(%[fixed]), " W1 "\n\t"
        "pxor " W2 ", " W2 "\n\t"
        "movdqa 32(%[fixed]), " W3 "\n\t"
        SIXTY_FOUR_ROUNDS
        "paddd " MIDDLE_ABEF ", " ABEF "\n\t"
        "paddd " MIDDLE_CDGH ", " CDGH "\n\t"
        // Back to message words: { d, c, b, a } reversed, { h, g, f, e } reversed.
        "movdqa " CDGH ", " W0 "\n\t"
        "punpckhqdq " ABEF ", " W0 "\n\t"
        "punpcklqdq " ABEF ", " CDGH "\n\t"
        "pshufd $0x1B, " W0 ", " W0 "\n\t"
        "pshufd $0x1B, " CDGH ", " W1 "\n\t"
        "inc %[round]\n\t"
        "cmp %[rounds], %[round]\n\t"
        "jb 1b\n"
        "2:\n\t"
        "pshufb " SWAP ", " W0 "\n\t"
        "pshufb " SWAP ", " W1 "\n\t"
        "movdqu " W0 ", (%[result])\n\t"
        "movdqu " W1 ", 16(%[result])\n\t"
        // Leave nothing of the secret in registers.
        "pxor " SUM ", " SUM "\n\t"
        "pxor " ABEF ", " ABEF "\n\t"
        "pxor " CDGH ", " CDGH "\n\t"
        "pxor " W0 ", " W0 "\n\t"
        "pxor " W1 ", " W1 "\n\t"
        "pxor " W2 ", " W2 "\n\t"
        "pxor " W3 ", " W3 "\n\t"
        "pxor " SCRATCH ", " SCRATCH "\n\t"
        "pxor " TAIL0 ", " TAIL0 "\n\t"
        "pxor " TAIL1 ", " TAIL1 "\n\t"
        "pxor " MIDDLE_ABEF ", " MIDDLE_ABEF "\n\t"
        "pxor " MIDDLE_CDGH ", " MIDDLE_CDGH "\n\t"
        : [round] "+&r"(round), [number] "=&r"(number)
        : [rounds] "r"(rounds), [initial] "r"(initial), [salt] "r"(salt), [result] "r"(result),
          [constants] "r"(sparekey_sha256_constants), [fixed] "r"(&fixed)
        : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
          "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
    );
}

#endif

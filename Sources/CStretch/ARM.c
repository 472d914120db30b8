#include "Stretch.h"

#if defined(__aarch64__) && defined(__ORDER_LITTLE_ENDIAN__)

#include <arm_neon.h>
#include <sys/auxv.h>

#ifndef HWCAP_SHA2
#define HWCAP_SHA2 (1 << 6)
#endif

_Bool sparekey_stretch_arm_available(void) { return (getauxval(AT_HWCAP) & HWCAP_SHA2) != 0; }

#define FOUR_ROUNDS(words, t)                                                                                          \
    do {                                                                                                               \
        uint32x4_t sum = vaddq_u32(words, vld1q_u32(sparekey_sha256_constants + (t)));                                 \
        uint32x4_t before = abcd;                                                                                      \
        abcd = vsha256hq_u32(abcd, efgh, sum);                                                                         \
        efgh = vsha256h2q_u32(efgh, before, sum);                                                                      \
    } while (0)

// The next four message words, from the last sixteen; they replace the oldest four.
#define NEXT_WORDS(w0, w1, w2, w3) w0 = vsha256su1q_u32(vsha256su0q_u32(w0, w1), w2, w3)

#define SIXTEEN_ROUNDS(t)                                                                                              \
    NEXT_WORDS(w0, w1, w2, w3);                                                                                        \
    FOUR_ROUNDS(w0, t);                                                                                                \
    NEXT_WORDS(w1, w2, w3, w0);                                                                                        \
    FOUR_ROUNDS(w1, (t) + 4);                                                                                          \
    NEXT_WORDS(w2, w3, w0, w1);                                                                                        \
    FOUR_ROUNDS(w2, (t) + 8);                                                                                          \
    NEXT_WORDS(w3, w0, w1, w2);                                                                                        \
    FOUR_ROUNDS(w3, (t) + 12)

#define SIXTY_FOUR_ROUNDS                                                                                              \
    FOUR_ROUNDS(w0, 0);                                                                                                \
    FOUR_ROUNDS(w1, 4);                                                                                                \
    FOUR_ROUNDS(w2, 8);                                                                                                \
    FOUR_ROUNDS(w3, 12);                                                                                               \
    SIXTEEN_ROUNDS(16);                                                                                                \
    SIXTEEN_ROUNDS(32);                                                                                                \
    SIXTEEN_ROUNDS(48)

static inline uint32x4_t load_words(const uint8_t *bytes) {
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(bytes)));
}

__attribute__((target("sha2"))) void sparekey_stretch_arm(
    const uint8_t initial[32], const uint8_t salt[16], uint64_t rounds, uint8_t result[32]
) {
    const uint32x4_t tail0 = load_words(initial), tail1 = load_words(initial + 16), salted = load_words(salt);
    const uint32x4_t first_abcd = vld1q_u32(sparekey_sha256_initial_state);
    const uint32x4_t first_efgh = vld1q_u32(sparekey_sha256_initial_state + 4);
    const uint32_t length[4] = {0, 0, 0, SPAREKEY_STRETCH_BITS};
    uint32x4_t last0 = vdupq_n_u32(0), last1 = vdupq_n_u32(0);
    for (uint64_t round = 0; round < rounds; round++) {
        uint32x4_t abcd = first_abcd, efgh = first_efgh;
        uint32x4_t w0 = last0, w1 = last1, w2 = tail0, w3 = tail1;
        SIXTY_FOUR_ROUNDS;
        const uint32x4_t middle_abcd = vaddq_u32(abcd, first_abcd), middle_efgh = vaddq_u32(efgh, first_efgh);
        const uint32_t number[4] = {sparekey_round_low(round), sparekey_round_high(round), 0x80000000, 0};
        abcd = middle_abcd;
        efgh = middle_efgh;
        w0 = salted;
        w1 = vld1q_u32(number);
        w2 = vdupq_n_u32(0);
        w3 = vld1q_u32(length);
        SIXTY_FOUR_ROUNDS;
        last0 = vaddq_u32(abcd, middle_abcd);
        last1 = vaddq_u32(efgh, middle_efgh);
    }
    vst1q_u8(result, vrev32q_u8(vreinterpretq_u8_u32(last0)));
    vst1q_u8(result + 16, vrev32q_u8(vreinterpretq_u8_u32(last1)));
}

#endif

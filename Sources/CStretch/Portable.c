#define _GNU_SOURCE

#include "CStretch.h"
#include "Stretch.h"

const uint32_t sparekey_sha256_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

const uint32_t sparekey_sha256_initial_state[8] __attribute__((aligned(16))) = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

// Four round numbers at a time. Nothing of the second block depends on the chain, so its message schedule is computed
// ahead, four rounds abreast in the vector registers that every 64-bit processor has.
enum { LANES = 4 };
typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));

#define ROTATE(x, n) (((x) >> (n)) | ((x) << (32 - (n))))
#define SMALL_SIGMA0(x) (ROTATE(x, 7) ^ ROTATE(x, 18) ^ ((x) >> 3))
#define SMALL_SIGMA1(x) (ROTATE(x, 17) ^ ROTATE(x, 19) ^ ((x) >> 10))
// The three rotations of each big sigma, one inside the other: fewer copies of the word, a tenth faster.
#define BIG_SIGMA1(x) ROTATE((x) ^ ROTATE((x) ^ ROTATE(x, 14), 5), 6)
#define BIG_SIGMA0(x) ROTATE((x) ^ ROTATE((x) ^ ROTATE(x, 9), 11), 2)
#define CHOOSE(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define MAJORITY(x, y, z) (((x) & (y)) | ((z) & ((x) | (y))))

// One round with the message word and the constant already added.
#define ROUND(a, b, c, d, e, f, g, h, word)                                                                            \
    do {                                                                                                               \
        uint32_t first = (h) + (word);                                                                                 \
        first += CHOOSE(e, f, g);                                                                                      \
        first += BIG_SIGMA1(e);                                                                                        \
        (d) += first;                                                                                                  \
        (h) = first + BIG_SIGMA0(a) + MAJORITY(a, b, c);                                                               \
    } while (0)

// Sixty-four rounds; WORD(t) yields message word t plus its constant, and is evaluated once for each t in order.
#define EIGHT_ROUNDS(WORD, t)                                                                                          \
    ROUND(a, b, c, d, e, f, g, h, WORD((t) + 0));                                                                      \
    ROUND(h, a, b, c, d, e, f, g, WORD((t) + 1));                                                                      \
    ROUND(g, h, a, b, c, d, e, f, WORD((t) + 2));                                                                      \
    ROUND(f, g, h, a, b, c, d, e, WORD((t) + 3));                                                                      \
    ROUND(e, f, g, h, a, b, c, d, WORD((t) + 4));                                                                      \
    ROUND(d, e, f, g, h, a, b, c, WORD((t) + 5));                                                                      \
    ROUND(c, d, e, f, g, h, a, b, WORD((t) + 6));                                                                      \
    ROUND(b, c, d, e, f, g, h, a, WORD((t) + 7))

#define COMPRESS(WORD, chaining)                                                                                       \
    do {                                                                                                               \
        uint32_t a = (chaining)[0], b = (chaining)[1], c = (chaining)[2], d = (chaining)[3];                           \
        uint32_t e = (chaining)[4], f = (chaining)[5], g = (chaining)[6], h = (chaining)[7];                           \
        EIGHT_ROUNDS(WORD, 0);                                                                                         \
        EIGHT_ROUNDS(WORD, 8);                                                                                         \
        EIGHT_ROUNDS(WORD, 16);                                                                                        \
        EIGHT_ROUNDS(WORD, 24);                                                                                        \
        EIGHT_ROUNDS(WORD, 32);                                                                                        \
        EIGHT_ROUNDS(WORD, 40);                                                                                        \
        EIGHT_ROUNDS(WORD, 48);                                                                                        \
        EIGHT_ROUNDS(WORD, 56);                                                                                        \
        state[0] = (chaining)[0] + a;                                                                                  \
        state[1] = (chaining)[1] + b;                                                                                  \
        state[2] = (chaining)[2] + c;                                                                                  \
        state[3] = (chaining)[3] + d;                                                                                  \
        state[4] = (chaining)[4] + e;                                                                                  \
        state[5] = (chaining)[5] + f;                                                                                  \
        state[6] = (chaining)[6] + g;                                                                                  \
        state[7] = (chaining)[7] + h;                                                                                  \
    } while (0)

#define FIRST_BLOCK_WORD(t)                                                                                            \
    (((t) < 16 ? words[(t) & 15]                                                                                       \
               : (words[(t) & 15] += SMALL_SIGMA1(words[((t) - 2) & 15]) + words[((t) - 7) & 15]                       \
                                     + SMALL_SIGMA0(words[((t) - 15) & 15])))                                          \
     + sparekey_sha256_constants[t])

#define SECOND_BLOCK_WORD(t) schedule[t][lane]

static void second_block_schedule(const uint8_t salt[16], uint64_t round, lanes schedule[64]) {
    for (int t = 0; t < 16; t++) schedule[t] = (lanes){0};
    for (int t = 0; t < 4; t++) schedule[t] += sparekey_load_big_endian(salt + 4 * t);
    for (int lane = 0; lane < LANES; lane++) {
        schedule[4][lane] = sparekey_round_low(round + lane);
        schedule[5][lane] = sparekey_round_high(round + lane);
    }
    schedule[6] += 0x80000000u;
    schedule[15] += (uint32_t)SPAREKEY_STRETCH_BITS;
    for (int t = 16; t < 64; t++) {
        schedule[t] = SMALL_SIGMA1(schedule[t - 2]) + schedule[t - 7] + SMALL_SIGMA0(schedule[t - 15]) + schedule[t - 16];
    }
    for (int t = 0; t < 64; t++) schedule[t] += sparekey_sha256_constants[t];
}

void sparekey_stretch_portable(const uint8_t initial[32], const uint8_t salt[16], uint64_t rounds, uint8_t result[32]) {
    uint32_t state[8] = {0}, tail[8];
    for (int t = 0; t < 8; t++) tail[t] = sparekey_load_big_endian(initial + 4 * t);
    for (uint64_t round = 0; round < rounds;) {
        lanes schedule[64];
        second_block_schedule(salt, round, schedule);
        for (int lane = 0; lane < LANES && round < rounds; lane++, round++) {
            uint32_t words[16];
            memcpy(words, state, 32);
            memcpy(words + 8, tail, 32);
            COMPRESS(FIRST_BLOCK_WORD, sparekey_sha256_initial_state);
            uint32_t chaining[8];
            memcpy(chaining, state, 32);
            COMPRESS(SECOND_BLOCK_WORD, chaining);
        }
    }
    for (int t = 0; t < 8; t++) sparekey_store_big_endian(result + 4 * t, state[t]);
    explicit_bzero(state, sizeof state);
    explicit_bzero(tail, sizeof tail);
}

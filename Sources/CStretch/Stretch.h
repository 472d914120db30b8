#ifndef SPAREKEY_STRETCH_INTERNAL_H
#define SPAREKEY_STRETCH_INTERNAL_H

#include <stdint.h>
#include <string.h>

/// The round constants and the initial state of SHA-256 (FIPS 180-4, sections 4.2.2 and 5.3.3).
extern const uint32_t sparekey_sha256_constants[64];
extern const uint32_t sparekey_sha256_initial_state[8];

/// The bit length of the 88-byte message, as it stands in its padding.
enum { SPAREKEY_STRETCH_BITS = 88 * 8 };

static inline uint32_t sparekey_load_big_endian(const uint8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, 4);
    return __builtin_bswap32(word);
}

static inline void sparekey_store_big_endian(uint8_t *bytes, uint32_t word) {
    word = __builtin_bswap32(word);
    memcpy(bytes, &word, 4);
}

/// The round number as it stands in the message: its little-endian bytes read as big-endian words.
static inline uint32_t sparekey_round_low(uint64_t round) { return __builtin_bswap32((uint32_t)round); }
static inline uint32_t sparekey_round_high(uint64_t round) { return __builtin_bswap32((uint32_t)(round >> 32)); }

#if defined(__x86_64__)
_Bool sparekey_stretch_x86_available(void);
void sparekey_stretch_x86(const uint8_t initial[32], const uint8_t salt[16], uint64_t rounds, uint8_t result[32]);
#elif defined(__aarch64__) && defined(__ORDER_LITTLE_ENDIAN__)
_Bool sparekey_stretch_arm_available(void);
void sparekey_stretch_arm(const uint8_t initial[32], const uint8_t salt[16], uint64_t rounds, uint8_t result[32]);
#endif

#endif

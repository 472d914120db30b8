#ifndef SPAREKEY_CSTRETCH_H
#define SPAREKEY_CSTRETCH_H

#include <stdbool.h>
#include <stdint.h>

/// BitLocker's key stretching: `rounds` times SHA-256 over the 88 bytes
/// { last[32], initial[32], salt[16], round number as 64-bit little-endian }, where `last` is the previous result and
/// begins as zeros. The real thing takes 0x100000 rounds, about a tenth of a second.
///
/// Uses the fastest implementation that the processor has. `result` holds zeros when `rounds` is 0.
void sparekey_stretch(const uint8_t initial[32], const uint8_t salt[16], uint64_t rounds, uint8_t result[32]);

/// Which implementation `sparekey_stretch` uses here: "x86 SHA", "ARM SHA2" or "portable".
const char *sparekey_stretch_implementation(void);

/// The same in plain C, for processors without SHA-256 instructions, and to check the others against.
void sparekey_stretch_portable(const uint8_t initial[32], const uint8_t salt[16], uint64_t rounds, uint8_t result[32]);

#endif

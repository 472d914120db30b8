#include "CStretch.h"
#include "Stretch.h"

typedef void (*stretch_function)(const uint8_t[32], const uint8_t[16], uint64_t, uint8_t[32]);

static stretch_function choose(const char **name) {
#if defined(__x86_64__)
    if (sparekey_stretch_x86_available()) {
        *name = "x86 SHA";
        return sparekey_stretch_x86;
    }
#elif defined(__aarch64__) && defined(__ORDER_LITTLE_ENDIAN__)
    if (sparekey_stretch_arm_available()) {
        *name = "ARM SHA2";
        return sparekey_stretch_arm;
    }
#endif
    *name = "portable";
    return sparekey_stretch_portable;
}

// Asked anew each time: a CPUID costs nothing beside a million hashes, and there is no state to share.
void sparekey_stretch(const uint8_t initial[32], const uint8_t salt[16], uint64_t rounds, uint8_t result[32]) {
    const char *name;
    choose(&name)(initial, salt, rounds, result);
}

const char *sparekey_stretch_implementation(void) {
    const char *name;
    choose(&name);
    return name;
}

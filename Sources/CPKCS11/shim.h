#ifndef SPAREKEY_CPKCS11_H
#define SPAREKEY_CPKCS11_H

/* The types and constants of PKCS #11 by their standard names; nothing is linked, a token's module is loaded at run time. */
#include <p11-kit/pkcs11.h>

#endif

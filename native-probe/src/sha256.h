/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4), of a file. */
#ifndef POUNCE_SHA256_H
#define POUNCE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sha256__begin(struct sha256 *hash);
void sha256__add(struct sha256 *hash, const void *bytes, size_t size);
void sha256__end(struct sha256 *hash, uint8_t ret_digest[32]);

#endif

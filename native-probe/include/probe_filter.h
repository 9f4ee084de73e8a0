/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The filter as it stands in the kernel: shared by the BPF programs, which read it, and the loader,
 * which writes it. Never on the wire.
 *
 * There are two slots. A new filter is written into the one that is not in use, then `active` moves:
 * a program reads `active` once, so it sees the old filter or the new one, never half of each.
 */
#ifndef POUNCE_PROBE_FILTER_H
#define POUNCE_PROBE_FILTER_H

#include <linux/types.h>

/*
 * 64 Ki bits, 8 KiB: a thousand names let 1.5 % of the path components through to the exact look-up,
 * and the lines that a workload's own directory names fall into stay in the first level cache.
 */
#define FILTER_BLOOM_WORDS 1024

/* NAME_MAX is 255; one more makes it a power of two for the verifier's mask. */
#define FILTER_NAME_MAX 256

/* A FILTER frame has 32 KiB and a name at least two bytes in it: no more than this, for both slots. */
#define FILTER_NAMES_MAX (2 * 16384)

/* Syscall numbers end at 470 or so; the table has room for 512. */
#define FILTER_SYSCALL_WORDS 8

struct filter_slot {
	__u32 generation;
	__u32 kinds;
	__u32 flags;
	__u32 wake;
	__u64 bloom[FILTER_BLOOM_WORDS];
};

struct filter_name {
	__u32 slot;
	__u32 length;
	char name[FILTER_NAME_MAX];
};

/*
 * Of a name's length and its first sixteen bytes (zero behind its end): the kernel keeps short names
 * inside the dentry, where sixteen bytes are two loads. Names that agree in all that share a bit;
 * the exact look-up tells them apart.
 */
static inline __attribute__((always_inline)) __u32 filter__bloom_bit(__u64 first, __u64 second,
								     __u32 length)
{
	__u64 hash = first * 0x9e3779b97f4a7c15ull;

	hash ^= (second + length) * 0xc2b2ae3d27d4eb4full;
	return hash >>
	       48; /* the best mixed bits of a multiplication, 16 of them: FILTER_BLOOM_WORDS * 64 */
}

/* The bytes of a little-endian word that belong to a string with `length` bytes left. */
static inline __attribute__((always_inline)) __u64 filter__mask(__u32 length)
{
	return length >= 8 ? ~0ull : (1ull << (8 * length)) - 1;
}

_Static_assert(FILTER_BLOOM_WORDS * 64 == 1 << 16, "filter__bloom_bit makes 16 bits");

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What is cut off, as the kernel has it: made, looked at, undone. See isolation_record.h. */
#ifndef POUNCE_ISOLATION_H
#define POUNCE_ISOLATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "isolation_record.h"

/* What may still pass. */
struct isolation_rules {
	struct isolation_prefix4 *allowed4;
	size_t allowed4_count;
	struct isolation_prefix6 *allowed6;
	size_t allowed6_count;
	struct isolation_resolver resolvers[ISOLATION_RESOLVERS];
	size_t resolver_count;
	bool loopback; /* within control groups: the loopback is its own, not the node's */
};

/* CIDR, or a single address. False when it is neither, or memory is short. */
bool rules__allow(struct isolation_rules *rules, const char *cidr);

/* Text of an address; false when it is none, or there are enough. */
bool rules__add_resolver(struct isolation_rules *rules, const char *address);

/* The same for the same rules, in whatever order. */
uint64_t rules__digest(const struct isolation_rules *rules);

/*
 * Puts it in force at all its places, or at none. `record` says who, what and where, and is given the rest;
 * `network_fds` are those of its places. Leaves this thread in its own network namespace. Negative error number,
 * and in `ret_step` what could not be done.
 */
int isolation__begin(struct isolation_record *record, const int *network_fds,
		     const struct isolation_rules *rules, const char **ret_step);

/*
 * Ends it everywhere. The number of places where it could not be, because nobody is in that network any more
 * or the kernel refused; or a negative error number.
 */
int isolation__end(const struct isolation_record *record);

/* At how many of its places is it in force, in both directions? */
uint32_t isolation__places_in_force(const struct isolation_record *record);

/* False when they cannot be read. */
bool isolation__counters(const struct isolation_record *record,
			 struct isolation_counters *ret_counters);

/* Calls for each that the kernel has, until one is not 0, and returns that. Negative error number. */
int isolation__each(int (*found)(const struct isolation_record *record, void *context),
		    void *context);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The interfaces of a network namespace, and where their other ends are (rtnetlink(7)). */
#ifndef POUNCE_LINKS_H
#define POUNCE_LINKS_H

#include <stdbool.h>
#include <stddef.h>

struct link {
	int index;
	char name[16];
	char kind[16]; /* veth, macvlan, …; empty for hardware */
	bool is_loopback;
	bool is_elsewhere; /* its other end, or what it stands on, is in another namespace */
	int other_index;   /* there */
	int other_network; /* this namespace's number for that one */
};

/* Those of the namespace that this thread is in, at most `max`. Their number, which may be more; or a negative error number. */
int links__list(struct link *links, size_t max);

/* The number that this thread's namespace has for another; -1 if it has none, or it is the same. */
int links__number_of(int network_fd);

#endif

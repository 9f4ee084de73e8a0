/* SPDX-License-Identifier: Apache-2.0 */
/* Where the packets of a container come and go. */
#ifndef POUNCE_OUTLETS_H
#define POUNCE_OUTLETS_H

#include <stddef.h>

#include "container.h"

struct outlet {
	const struct network
		*network; /* the node's, or, where the other end is not to be had, its own */
	int index;        /* of the interface, there */
	char name[16];
};

/*
 * The interfaces by which what is sent in one of the container's networks leaves it, at the node's end where they have one
 * there. At most `max` are written; their number, which may be more, or a negative error number.
 */
int outlets__find(const struct container *container, const struct network *network,
		  struct outlet *outlets, size_t max);

#endif

// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "links.h"
#include "outlets.h"

#define LINKS_MAX 256

/*
 * Interfaces that a container makes for itself and that end in it: what they send leaves by another one. Of other
 * kinds (tunnels of VPNs, whose other side is a process, or hardware) we do not know that.
 */
static const char *const inner_kinds[] = {"veth",   "bridge", "dummy", "ifb",    "vrf",  "bond",
					  "vlan",   "sit",    "ipip",  "ip6tnl", "gre",  "gretap",
					  "ip6gre", "vti",    "vti6",  "erspan", "vxlan"};

static bool is_inner(const struct link *link)
{
	size_t i;

	if (link->is_elsewhere)
		return false;
	for (i = 0; i < sizeof(inner_kinds) / sizeof(inner_kinds[0]); i++)
		if (!strcmp(link->kind, inner_kinds[i]))
			return true;
	return false;
}

int outlets__find(const struct container *container, const struct network *network,
		  struct outlet *outlets, size_t max)
{
	static struct link links[LINKS_MAX];
	int numbers[CONTAINER_NETWORKS];
	int count, i, error = network__enter(network->fd);
	size_t n, found = 0;

	if (error)
		return error;
	count = links__list(links, LINKS_MAX);
	if (count > LINKS_MAX)
		count = -E2BIG;
	/* After the list: only that gives a number to a namespace that had none. */
	for (n = 0; n < container->network_count; n++)
		numbers[n] = container->networks[n].of_node
				     ? links__number_of(container->networks[n].fd)
				     : -1;
	for (i = 0; i < count; i++) {
		struct outlet outlet = {.network = network, .index = links[i].index};

		if (links[i].is_loopback || is_inner(&links[i]))
			continue;
		memcpy(outlet.name, links[i].name, sizeof(outlet.name));
		for (n = 0; n < container->network_count; n++)
			if (links[i].is_elsewhere && !strcmp(links[i].kind, "veth") &&
			    numbers[n] >= 0 && numbers[n] == links[i].other_network &&
			    !network__enter(container->networks[n].fd) &&
			    if_indextoname(links[i].other_index, outlet.name)) {
				outlet.network = &container->networks[n];
				outlet.index = links[i].other_index;
			}
		if (found++ < max)
			outlets[found - 1] = outlet;
	}
	network__enter(network__own());
	return count < 0 ? count : (int)found;
}

// SPDX-License-Identifier: Apache-2.0
/* Does a heartbeat of a host with very many CPUs fit its frame, and are the sums still those of all CPUs? */
#include <stdio.h>
#include <stdlib.h>
#include "loader.h"

static int failed;

static void check(const char *what, int right)
{
	printf("%s %s\n", right ? "ok" : "FAIL", what);
	failed |= !right;
}

static void fold(const char *what, int cpus, int expected)
{
	struct probe_counters *counters = calloc(cpus, sizeof(*counters));
	unsigned long sent = 0, lost = 0;
	int blocks, i, kind;

	for (i = 0; i < cpus; i++)
		for (kind = 0; kind < PROBE_EVENT_KINDS; kind++) {
			counters[i].sent[kind] = i * 7 + kind;
			counters[i].lost[kind] = i + kind * 3;
			sent += counters[i].sent[kind];
			lost += counters[i].lost[kind];
		}
	blocks = counters__fold(counters, cpus, HEARTBEAT_BLOCKS_MAX);
	for (i = 0; i < blocks; i++)
		for (kind = 0; kind < PROBE_EVENT_KINDS; kind++) {
			sent -= counters[i].sent[kind];
			lost -= counters[i].lost[kind];
		}
	check(what, blocks == expected && sent == 0 && lost == 0 &&
			    sizeof(struct probe_heartbeat) + blocks * sizeof(*counters) <=
				    PROBE_FRAME_MAX);
	free(counters);
}

int main(void)
{
	fold("two CPUs have two blocks", 2, 2);
	fold("340 CPUs fill the frame", 340, 340);
	fold("341 CPUs: the last two share a block", 341, 340);
	fold("8192 CPUs fit, and the sums are exact", 8192, 340);
	return failed;
}

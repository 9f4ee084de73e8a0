// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>

#include "json.h"
#include "loader.h"
#include "tail.h"

/* A person does not see the difference; a test waits this long at most. */
#define LOOK_MS 10

static int print_event(void *context, void *frame, size_t size)
{
	const struct tail_options *options = context;

	(void)size;
	json__print_event(stdout, frame);
	return *options->stop ? -EINTR : 0;
}

static void print_losses(const struct probe *probe)
{
	int cpus = probe__cpus(probe), cpu, kind;
	struct probe_counters *counters = calloc(cpus, sizeof(*counters));
	uint64_t sent = 0, lost = 0;

	if (!counters || probe__read_counters(probe, counters))
		return;
	for (cpu = 0; cpu < cpus; cpu++)
		for (kind = 0; kind < PROBE_EVENT_KINDS; kind++) {
			sent += counters[cpu].sent[kind];
			lost += counters[cpu].lost[kind];
		}
	fprintf(stderr, "sent %" PRIu64 " lost %" PRIu64 " skipped %" PRIu64 "\n", sent, lost,
		probe__recursion_misses(probe));
	free(counters);
}

int tail__run(const struct tail_options *options)
{
	struct refusal refusal;
	struct ring_buffer *ring;
	struct probe *probe = probe__arm(options->ring_bytes, options->filter, &refusal);

	if (!probe) {
		fprintf(stderr, "pounce-probe: %s\n", refusal.reason);
		return 1;
	}
	ring = ring_buffer__new(probe__ring_fd(probe), print_event, (void *)options, NULL);
	if (!ring) {
		fprintf(stderr, "pounce-probe: cannot map the ring: %s\n", strerror(errno));
		probe__disarm(probe);
		return 1;
	}
	fprintf(stderr, "armed\n");
	while (!*options->stop && !ferror(stdout)) {
		if (ring_buffer__poll(ring, LOOK_MS) == 0)
			ring_buffer__consume(ring); /* what came without a wake-up */
		fflush(stdout);
	}
	print_losses(probe);
	ring_buffer__free(ring);
	probe__disarm(probe);
	return 0;
}

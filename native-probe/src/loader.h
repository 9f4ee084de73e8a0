/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel side as seen from here: load it, attach it, set its filter, read its counters. Knows
 * nothing of sockets or terminals.
 */
#ifndef POUNCE_LOADER_H
#define POUNCE_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "probe_event.h"

/* Holds 0.45 s of 20,000 execs a second, the longest stall of a busy engine that was measured. */
#define RING_BYTES_DEFAULT (8u << 20)

struct probe;

/* Why it does not work, in a sentence for the operator: what is wrong and what to do. */
struct refusal {
	enum probe_refusal code;
	char reason[1024];
};

struct probe_counters {
	uint64_t sent[PROBE_EVENT_KINDS];
	uint64_t lost[PROBE_EVENT_KINDS];
};

/* How many blocks of counters a HEARTBEAT has room for. */
#define HEARTBEAT_BLOCKS_MAX \
	((int)((PROBE_FRAME_MAX - sizeof(struct probe_heartbeat)) / sizeof(struct probe_counters)))

/* Adds what is beyond `room` to the last that has room, so that sums stay what they are. Returns how many remain. */
static inline int counters__fold(struct probe_counters *counters, int count, int room)
{
	int i, kind;

	for (i = room; i < count; i++) {
		for (kind = 0; kind < PROBE_EVENT_KINDS; kind++) {
			counters[room - 1].sent[kind] += counters[i].sent[kind];
			counters[room - 1].lost[kind] += counters[i].lost[kind];
		}
	}
	return count < room ? count : room;
}

/* Loads and attaches with `filter` in force from the first event. NULL: see `ret_refusal`. */
struct probe *probe__arm(uint32_t ring_bytes, const struct probe_filter *filter,
			 struct refusal *ret_refusal);
void probe__disarm(struct probe *probe);

/*
 * Is this a whole, well-formed FILTER frame of `size` bytes? Everything that comes from the engine
 * goes through here before it is used.
 */
bool filter__is_valid(const struct probe_filter *filter, size_t size, struct refusal *ret_refusal);

/* Changes the filter without a gap: every event is judged by the old one or by the new one. */
int probe__apply(struct probe *probe, const struct probe_filter *filter);
uint32_t probe__generation(const struct probe *probe);

int probe__ring_fd(const struct probe *probe);
uint32_t probe__ring_size(const struct probe *probe);
/*
 * Asks for a wake-up at the next event. An event that is under way at this moment may not know of it
 * yet: look into the ring once more, a little later, before resting.
 */
void probe__wake_me(struct probe *probe);
uint32_t probe__ring_pending(const struct probe *probe);
const char *probe__hooks(const struct probe *probe);
int probe__cpus(const struct probe *probe);

/* Fills one entry per possible CPU. */
int probe__read_counters(const struct probe *probe, struct probe_counters *ret_counters);
uint64_t probe__recursion_misses(const struct probe *probe);

#endif

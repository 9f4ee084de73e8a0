/* SPDX-License-Identifier: Apache-2.0 */
/* Times in nanoseconds, percentiles of them, and the one line of JSON that a bench prints. */
#ifndef POUNCE_PERCENTILE_H
#define POUNCE_PERCENTILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A bench has no more launches than this. */
#define SAMPLES_MAX 1000000

struct samples {
	size_t count;
	uint64_t ns[SAMPLES_MAX];
};

static inline uint64_t boottime_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec;
}

static inline void samples__add(struct samples *samples, uint64_t ns)
{
	if (samples->count < SAMPLES_MAX)
		samples->ns[samples->count++] = ns;
}

static inline int compare_ns(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static inline double samples__at(const struct samples *samples, double share)
{
	size_t index = share * samples->count;

	if (samples->count == 0)
		return 0;
	return samples->ns[index < samples->count ? index : samples->count - 1] / 1000.0;
}

/* `"name":{"n":..,"p50":..,"p99":..,"p999":..,"max":..}`, in microseconds. Sorts. */
static inline void samples__print(struct samples *samples, const char *name)
{
	qsort(samples->ns, samples->count, sizeof(samples->ns[0]), compare_ns);
	printf("\"%s\":{\"n\":%zu,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}", name,
	       samples->count, samples__at(samples, 0.5), samples__at(samples, 0.99),
	       samples__at(samples, 0.999), samples__at(samples, 1));
}

#endif

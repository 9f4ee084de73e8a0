// SPDX-License-Identifier: Apache-2.0
/*
 * Opens and closes one file RATE times a second for SECONDS, and says what each pair cost this process.
 *
 *	open_storm RATE SECONDS FILE		RATE 0: as fast as it can
 *
 * What a sensor does inside the kernel is charged to whoever made the system call: the difference
 * between two runs, with and without the sensor, is what the sensor costs its neighbours.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64 /* pairs between two looks at the clock */

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

int main(int argc, char **argv)
{
	uint64_t start, end, pairs = 0, cpu;
	double rate;

	if (argc != 4) {
		fprintf(stderr, "usage: open_storm RATE SECONDS FILE\n");
		return 2;
	}
	rate = strtod(argv[1], NULL);
	start = now_ns(CLOCK_MONOTONIC);
	end = start + (uint64_t)(strtod(argv[2], NULL) * 1e9);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);

	for (;;) {
		uint64_t now = now_ns(CLOCK_MONOTONIC);

		if (now >= end)
			break;
		if (rate > 0 && pairs >= (now - start) / 1e9 * rate) {
			struct timespec pause = {0, 100000};

			nanosleep(&pause, NULL);
			continue;
		}
		for (int i = 0; i < BATCH; i++) {
			int fd = open(argv[3], O_RDONLY);

			if (fd < 0) {
				perror(argv[3]);
				return 1;
			}
			close(fd);
		}
		pairs += BATCH;
	}
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("{\"pairs\":%lu,\"per_second\":%.0f,\"cpu_ns_per_pair\":%.0f}\n", pairs,
	       pairs * 1e9 / (now_ns(CLOCK_MONOTONIC) - start), (double)cpu / pairs);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * How long from a trigger to the line that reports it.
 *
 *	ENGINE | alert_latency COUNT GAP_US PROGRAM
 *
 * Starts PROGRAM with the argument LAT-nnnnnn, COUNT times, GAP_US apart on average (0.5 to 1.5 times,
 * so as not to beat with anyone's timer), takes the time just before each execve, and again when the
 * read that brings the token returns. Prints one JSON line: percentiles in microseconds, and how many
 * were not seen within 5 s of the last trigger.
 *
 * Any engine that prints the command line can be measured; only the token is looked for.
 */
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOKEN_LEN  10        /* LAT- and six digits */
#define BUFFER_LEN (1 << 20) /* many alert lines; what is left of a cut one is kept */

static uint32_t count;
static uint64_t *triggered; /* shared with the children, who write their own time */
static uint64_t *reported;
static volatile uint32_t seen;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static void note_tokens(const char *text, size_t len, uint64_t at)
{
	const char *found = text;

	while ((found = memmem(found, text + len - found, "LAT-", 4)) &&
	       found + TOKEN_LEN <= text + len) {
		uint32_t number = strtoul(found + 4, NULL, 10);

		if (number < count && !reported[number]) {
			reported[number] = at;
			seen++;
		}
		found += 4;
	}
}

static void *read_alerts(void *unused)
{
	static char buffer[BUFFER_LEN + 1];
	size_t held = 0;
	ssize_t got;

	(void)unused;
	while ((got = read(STDIN_FILENO, buffer + held, BUFFER_LEN - held)) > 0) {
		uint64_t at = now_ns();

		held += got;
		buffer[held] = '\0';
		note_tokens(buffer, held, at);
		/* The start of a token may be at the end of what was read. */
		if (held > TOKEN_LEN) {
			memmove(buffer, buffer + held - TOKEN_LEN, TOKEN_LEN);
			held = TOKEN_LEN;
		}
	}
	return NULL;
}

static void trigger(uint32_t number, char *program)
{
	char token[16];
	char *argv[] = {program, token, NULL};
	char *envp[] = {NULL};
	pid_t child;

	snprintf(token, sizeof(token), "LAT-%06u", number);
	child = fork();
	if (child == 0) {
		triggered[number] = now_ns();
		execve(program, argv, envp);
		_exit(127);
	}
	waitpid(child, NULL, 0);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	uint64_t *latency;
	uint32_t gap_us, n = 0;
	pthread_t reader;

	if (argc != 4) {
		fprintf(stderr, "usage: ENGINE | alert_latency COUNT GAP_US PROGRAM\n");
		return 2;
	}
	count = strtoul(argv[1], NULL, 10);
	gap_us = strtoul(argv[2], NULL, 10);
	triggered = mmap(NULL, count * sizeof(*triggered), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	reported = calloc(count, sizeof(*reported));
	latency = calloc(count, sizeof(*latency));
	srand48(1);
	pthread_create(&reader, NULL, read_alerts, NULL);

	for (uint32_t i = 0; i < count; i++) {
		uint64_t pause_ns = gap_us * 1000ull * (0.5 + drand48());
		struct timespec pause = {pause_ns / 1000000000, pause_ns % 1000000000};

		trigger(i, argv[3]);
		nanosleep(&pause, NULL);
	}
	for (int i = 0; i < 50 && seen < count; i++)
		poll(NULL, 0, 100);

	for (uint32_t i = 0; i < count; i++)
		if (reported[i])
			latency[n++] = reported[i] - triggered[i];
	qsort(latency, n, sizeof(*latency), by_value);
#define PERCENTILE_US(p) (n ? latency[(uint32_t)((n - 1) * (p))] / 1e3 : -1.0)
	printf("{\"triggers\":%u,\"lost\":%u,\"gap_us\":%u,\"p50_us\":%.0f,\"p90_us\":%.0f,\"p99_"
	       "us\":%.0f,"
	       "\"p999_us\":%.0f,\"max_us\":%.0f}\n",
	       count, count - n, gap_us, PERCENTILE_US(0.5), PERCENTILE_US(0.9),
	       PERCENTILE_US(0.99), PERCENTILE_US(0.999), PERCENTILE_US(1));
	return 0;
}

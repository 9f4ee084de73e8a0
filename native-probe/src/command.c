// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "json.h"

volatile sig_atomic_t command__stopped;

static void on_signal(int signal)
{
	(void)signal;
	command__stopped = 1;
}

void command__begin(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
}

int command__ended(enum isolate_exit exit, const char *word, const char *format, ...)
{
	char reason[256];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	fprintf(stderr, "{\"answer\":\"%s\",\"reason\":", word);
	json__print_string(stderr, reason, strlen(reason));
	fputs("}\n", stderr);
	return exit;
}

bool command__number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	*ret_number = number;
	return *text >= '0' && *text <= '9' && !*end && number >= least && number <= most;
}

uint64_t command__now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ull + now.tv_nsec / 1000000;
}

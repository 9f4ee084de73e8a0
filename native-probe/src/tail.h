/* SPDX-License-Identifier: Apache-2.0 */
/* The probe with nothing else running: events as lines of JSON on standard output. */
#ifndef POUNCE_TAIL_H
#define POUNCE_TAIL_H

#include <signal.h>
#include <stdint.h>

struct tail_options {
	uint32_t ring_bytes;
	const struct probe_filter *filter;
	const volatile sig_atomic_t *stop;
};

int tail__run(const struct tail_options *options);

#endif

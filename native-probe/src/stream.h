/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the ring to the engine's socket, and the engine's filters back. */
#ifndef POUNCE_STREAM_H
#define POUNCE_STREAM_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

struct stream_options {
	const char *socket_path;
	uint32_t ring_bytes;
	uid_t engine_uid;
	const volatile sig_atomic_t *stop;
};

/* The exit status of the process: 0 when the engine left or `stop` was set, 1 for what went wrong. */
int stream__run(const struct stream_options *options);

#endif

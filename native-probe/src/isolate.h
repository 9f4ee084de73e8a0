/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs that change something, each a command of its own: isolate, release, isolated. */
#ifndef POUNCE_ISOLATE_H
#define POUNCE_ISOLATE_H

/* How a command ended: its exit code. */
enum isolate_exit {
	ISOLATE_DONE = 0, /* also when nothing was to do */
	ISOLATE_FAILED = 1,
	ISOLATE_USAGE = 2,
	ISOLATE_GONE = 3,    /* there is no such container */
	ISOLATE_REFUSED = 4, /* it is there, and must not or cannot be cut off */
};

/* argv[0] is the verb. Each answers with lines of JSON. */
int isolate__run(int argc, char **argv);
int release__run(int argc, char **argv);
int isolated__run(int argc, char **argv);

#endif

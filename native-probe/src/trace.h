/* SPDX-License-Identifier: Apache-2.0 */
#ifndef POUNCE_TRACE_H
#define POUNCE_TRACE_H

/* The system calls of containers or of the node, to standard output; see the README. argv[0] is the verb. */
int trace__run(int argc, char **argv);

#endif

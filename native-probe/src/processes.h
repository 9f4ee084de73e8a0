/* SPDX-License-Identifier: Apache-2.0 */
/* The verb processes: what runs in a container, as one JSON array on standard output. */
#ifndef POUNCE_PROCESSES_H
#define POUNCE_PROCESSES_H

/* argv[0] is the verb; exit codes of isolate.h. */
int processes__run(int argc, char **argv);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The verb capture: the packets of a container, seen from the node, as pcap on standard output. */
#ifndef POUNCE_CAPTURE_H
#define POUNCE_CAPTURE_H

/* argv[0] is the verb; exit codes of isolate.h. What became of it is one line of JSON on standard error. */
int capture__run(int argc, char **argv);

#endif

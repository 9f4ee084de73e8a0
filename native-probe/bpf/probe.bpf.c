// SPDX-License-Identifier: GPL-2.0-only
/*
 * One object of all subjects: they share maps, and a kernel that loads one of them loads the others.
 *
 *	probe.bpf.h     ring, counters, filter, who acted
 *	path.bpf.h      canonical paths, and the filter on their components
 *	process.bpf.c   exec, fork, exit
 *	syscall.bpf.c   the return of system calls: open, failed exec
 *	network.bpf.c   connect
 */
#include "syscall.bpf.c"

char LICENSE[] SEC("license") = "GPL";

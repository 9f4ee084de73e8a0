// SPDX-License-Identifier: Apache-2.0
/* A process of two threads is killed: one exit is reported, with the signal. */
#include <pthread.h>
#include <signal.h>
#include "actor.h"

static void *sleeper(void *nothing)
{
	pause();
	return nothing;
}

int main(void)
{
	int ready[2];
	unsigned long inode;
	pid_t child;
	char byte;

	if (pipe(ready))
		err(1, "pipe");
	child = fork();
	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, sleeper, NULL);
		if (write(ready[1], "x", 1) != 1)
			err(1, "write");
		pause();
	}
	if (read(ready[0], &byte, 1) != 1)
		err(1, "read");
	inode = pid_inode(child);
	kill(child, SIGKILL);
	wait_for(child);
	printf("exit\t\"tgid\":%d,\t\"pidInode\":%lu,\t\"exitCode\":9,\n", child, inode);
	printf("once\t{\"kind\":\"exit\"\t\"tgid\":%d,\n", child);
	/* The thread is no process: the only fork is the child's. */
	printf("!fork\t\"tgid\":%d,\n", child);
	return 0;
}

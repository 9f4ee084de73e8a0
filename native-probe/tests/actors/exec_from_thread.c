// SPDX-License-Identifier: Apache-2.0
/*
 * A thread that is not the leader starts a program: it becomes the leader, the others end without an
 * exit of the process, and the process keeps its pid.
 */
#include <pthread.h>
#include "actor.h"

static void *start(void *nothing)
{
	execl("/bin/true", "true", "from-thread", NULL);
	err(1, "/bin/true");
	return nothing;
}

int main(void)
{
	unsigned long inode;
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, start, NULL);
		for (;;)
			pause();
	}
	inode = pid_inode(child);
	wait_for(child);
	printf("exec\t\"tgid\":%d,\"tid\":%d,\t\"pidInode\":%lu,\t\"from-thread\"\n", child, child,
	       inode);
	printf("exit\t\"tgid\":%d,\t\"pidInode\":%lu,\t\"exitCode\":0,\n", child, inode);
	printf("once\t{\"kind\":\"exit\"\t\"tgid\":%d,\n", child);
	return 0;
}

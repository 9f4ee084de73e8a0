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
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, start, NULL);
		for (;;)
			pause();
	}
	wait_for(child);
	printf("exec\t\"tgid\":%d,\"tid\":%d,\t\"from-thread\"\n", child, child);
	printf("exit\t\"tgid\":%d,\t\"exitCode\":0,\n", child);
	printf("once\t{\"kind\":\"exit\"\t\"tgid\":%d,\n", child);
	return 0;
}

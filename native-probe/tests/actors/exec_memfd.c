// SPDX-License-Identifier: Apache-2.0
/* Runs a program that was never in any directory. */
#include <sys/mman.h>
#include <sys/sendfile.h>
#include "actor.h"

extern char **environ;

int main(void)
{
	int source = open("/bin/true", O_RDONLY);
	int target = memfd_create("payload", MFD_CLOEXEC);
	char *arguments[] = {"true", NULL};
	struct stat status;
	pid_t child;

	if (source < 0 || target < 0 || fstat(source, &status) ||
	    sendfile(target, source, NULL, status.st_size) != status.st_size)
		err(1, "memfd");
	child = fork();
	if (child == 0) {
		fexecve(target, arguments, environ);
		err(1, "fexecve");
	}
	wait_for(child);
	printf("exec\t\"tgid\":%d,\t\"memfd\"\t\"deleted\"\t\"path\":\"/memfd:payload\"\n", child);
	return 0;
}

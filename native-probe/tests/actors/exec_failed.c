// SPDX-License-Identifier: Apache-2.0
/* Tries to start what is not there, and what may not be run. */
#include "actor.h"

int main(int argc, char **argv)
{
	char missing[4096], plain[4096];

	snprintf(missing, sizeof(missing), "%s/missing", work_directory(argc, argv));
	snprintf(plain, sizeof(plain), "%s/plain", argv[1]);
	close(open(plain, O_CREAT | O_WRONLY, 0644));
	execl(missing, "missing", NULL);
	execl(plain, "plain", NULL);
	printf("exec\t\"tgid\":%d,\t\"ret\":-2,\t\"path\":\"\"\t\"filename\":\"%s\"\t\"comm\":"
	       "\"exec_failed\"\n",
	       getpid(), missing);
	printf("exec\t\"tgid\":%d,\t\"ret\":-13,\t\"filename\":\"%s\"\n", getpid(), plain);
	return 0;
}

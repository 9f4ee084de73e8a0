// SPDX-License-Identifier: Apache-2.0
/* Starts a script: the file name is the script's, the file is its interpreter's. */
#include "actor.h"

int main(int argc, char **argv)
{
	char script[4096];
	pid_t child;
	int fd;

	snprintf(script, sizeof(script), "%s/script", work_directory(argc, argv));
	fd = open(script, O_CREAT | O_WRONLY, 0755);
	if (fd < 0 || write(fd, "#!/bin/sh\nexit 0\n", 17) != 17)
		err(1, "%s", script);
	close(fd);
	child = fork();
	if (child == 0) {
		execl(script, "script", "argument", NULL);
		err(1, "%s", script);
	}
	wait_for(child);
	printf("exec\t\"tgid\":%d,\t\"path\":\"%s\"\t\"filename\":\"%s\"\t\"argv\":[\"/bin/"
	       "sh\",\"%s\",\"argument\"]\n",
	       child, realpath("/bin/sh", NULL), script, script);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * usage: burst FILE PROCESSES TIMES [PAUSE_US]: opens FILE, TIMES in each of PROCESSES, as fast as it
 * can or with a pause after each.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int processes = argc > 3 ? atoi(argv[2]) : 0;
	int times = argc > 3 ? atoi(argv[3]) : 0;
	int failed = argc > 3 ? 0 : 2;
	int pause_us = argc > 4 ? atoi(argv[4]) : 0;
	int status, i;

	while (processes--) {
		if (fork())
			continue;
		for (i = 0; i < times; i++) {
			int fd = open(argv[1], O_RDONLY);

			if (fd < 0)
				_exit(1);
			close(fd);
			if (pause_us)
				usleep(pause_us);
		}
		_exit(0);
	}
	while (wait(&status) > 0)
		failed |= status;
	return failed ? 1 : 0;
}

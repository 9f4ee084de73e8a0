// SPDX-License-Identifier: Apache-2.0
/* An open that a signal interrupts failed with EINTR, not with a number of the kernel's own. */
#include <signal.h>
#include <sys/time.h>
#include "actor.h"

static void ignore(int signal)
{
	(void)signal;
}

int main(int argc, char **argv)
{
	struct itimerval soon = {.it_value.tv_usec = 20000};
	struct sigaction action = {.sa_handler = ignore}; /* without SA_RESTART */
	char fifo[4096];

	snprintf(fifo, sizeof(fifo), "%s/watched-file", work_directory(argc, argv));
	if (mkfifo(fifo, 0600) || sigaction(SIGALRM, &action, NULL) ||
	    setitimer(ITIMER_REAL, &soon, NULL))
		err(1, "%s", fifo);
	/* Nobody opens the other end. */
	if (open(fifo, O_RDONLY) >= 0 || errno != EINTR)
		errx(1, "the open was not interrupted");
	printf("open\t\"tgid\":%d,\t\"ret\":-4,\t\"name\":\"%s\"\n", getpid(), fifo);
	return 0;
}

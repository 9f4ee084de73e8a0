// SPDX-License-Identifier: Apache-2.0
/*
 * Starts the target again and again, one after the other, and waits for somebody to kill it: the
 * engine, reader_kill, anything. Says how long the target lived, and how often it got as far as
 * creating its file, and as writing into it.
 *
 * usage: launcher [-n LAUNCHES] [--hogs N] [--gap-ms MS] TARGET DIRECTORY
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "percentile.h"

/* A killer that needs longer has missed it. */
#define PATIENCE_MS 5000

static struct samples lives;
static int created, written, missed, other_ends;

static void start_hogs(int count)
{
	while (count--) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* the launcher has one thread: its end is ours */
		prctl(PR_SET_NAME, "hog");
		for (;;)
			;
	}
}

static void launch(char *target, char *file)
{
	char *arguments[] = {target, file, NULL};
	char *environment[] = {NULL};
	volatile uint64_t before = 0; /* written by the child: vfork shares the stack */
	struct pollfd end = {.events = POLLIN};
	struct stat status;
	uint64_t after;
	int result;
	pid_t child;

	unlink(file);
	child = vfork();
	if (child == 0) {
		before = boottime_ns();
		execve(target, arguments, environment);
		_exit(127);
	}
	if (child < 0)
		err(1, "vfork");
	end.fd = syscall(SYS_pidfd_open, child, 0);
	if (end.fd < 0)
		err(1, "pidfd_open");
	if (poll(&end, 1, PATIENCE_MS) == 0) {
		missed++;
		kill(child, SIGKILL);
	}
	waitpid(child, &result, 0);
	after = boottime_ns();
	close(end.fd);
	if (WIFEXITED(result))
		errx(1, "cannot start %s", target);
	if (WTERMSIG(result) != SIGKILL)
		other_ends++;
	samples__add(&lives, after - before);
	if (!stat(file, &status)) {
		created++;
		if (status.st_size > 0)
			written++;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"hogs", required_argument, NULL, 'h'},
						{"gap-ms", required_argument, NULL, 'g'},
						{}};
	int launches = 1000, hogs = 0, gap_ms = 0, option, i;
	char file[4096];

	while ((option = getopt_long(argc, argv, "n:", options, NULL)) != -1) {
		if (option == 'n')
			launches = atoi(optarg);
		else if (option == 'h')
			hogs = atoi(optarg);
		else if (option == 'g')
			gap_ms = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind != 2)
		errx(2, "usage: launcher [-n LAUNCHES] [--hogs N] [--gap-ms MS] TARGET DIRECTORY");
	snprintf(file, sizeof(file), "%s/created-by-target", argv[optind + 1]);
	start_hogs(hogs);
	for (i = 0; i < launches; i++) {
		launch(argv[optind], file);
		if (gap_ms)
			poll(NULL, 0, gap_ms);
	}
	unlink(file);
	printf("{\"launches\":%d,\"hogs\":%d,\"created\":%d,\"written\":%d,\"missed\":%d,"
	       "\"otherEnds\":%d,",
	       launches, hogs, created, written, missed, other_ends);
	samples__print(&lives, "execToDeadUs");
	printf("}\n");
	return 0;
}

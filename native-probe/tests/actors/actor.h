/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An actor does one thing and prints, one per line, what the probe ought to report: the kind, then
 * strings that the JSON line of the event must contain, separated by tabs. A line that begins with
 * `!` must not be reported.
 */
#ifndef POUNCE_ACTOR_H
#define POUNCE_ACTOR_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A place of its own for what the actor makes; the test removes it. */
static inline const char *work_directory(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: %s DIRECTORY", argv[0]);
	return argv[1];
}

static inline void wait_for(pid_t child)
{
	if (child < 0 || waitpid(child, NULL, 0) != child)
		err(1, "child");
}

#define PID_FS_MAGIC 0x50494446 /* include/uapi/linux/magic.h, 6.9 */

/* The inode that the kernel gave to this process for as long as the machine is up; 0 before 6.9. */
static inline unsigned long pid_inode(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);
	struct statfs fs;
	struct stat stat;

	if (fd < 0 || fstatfs(fd, &fs) || fstat(fd, &stat))
		err(1, "pidfd of %d", pid);
	close(fd);
	return fs.f_type == PID_FS_MAGIC ? stat.st_ino : 0;
}

#endif

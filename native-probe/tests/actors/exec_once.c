// SPDX-License-Identifier: Apache-2.0
/* Starts a program by a symbolic link, with arguments that are not plain text, and it exits with 3. */
#include "actor.h"

int main(int argc, char **argv)
{
	unsigned long inode;
	char link[4096];
	pid_t child;

	snprintf(link, sizeof(link), "%s/linked-shell", work_directory(argc, argv));
	if (symlink("/bin/sh", link))
		err(1, "%s", link);
	child = fork();
	if (child == 0) {
		if (chdir(argv[1]))
			err(1, "chdir");
		execl(link, "sh \"quoted\"", "-c", "exit 3", "\xc3\xa9\xff", NULL);
		err(1, "%s", link);
	}
	inode = pid_inode(child);
	wait_for(child);
	printf("fork\t\"tgid\":%d,\t\"pidInode\":%lu,\t\"child\":%d,\n", getpid(),
	       pid_inode(getpid()), child);
	printf("exec\t\"tgid\":%d,\t\"pidInode\":%lu,\t\"parent\":%d,\t\"ret\":0,\t\"filename\":\"%"
	       "s\"\t\"cwd\":\"%"
	       "s\"\t"
	       "\"argv\":[\"sh \\\"quoted\\\"\",\"-c\",\"exit 3\",\"\xc3\xa9\\u00ff\"]\t"
	       "\"comm\":\"linked-shell\"\t\"path\":\"%s\"\n",
	       child, inode, getpid(), link, argv[1], realpath("/bin/sh", NULL));
	printf("exit\t\"tgid\":%d,\t\"exitCode\":768\n", child);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* In a chroot a path begins at the process's own root, also for the filter. */
#include "actor.h"

int main(int argc, char **argv)
{
	if (chdir(work_directory(argc, argv)) || mkdir("watched-dir", 0755) ||
	    mkdir("watched-dir/inner", 0755) || chroot("watched-dir") || chdir("/"))
		err(1, "%s", argv[1]);
	close(open("/inner/watched-file", O_CREAT | O_WRONLY, 0600));
	printf("open\t\"tgid\":%d,\t\"path\":\"/inner/watched-file\"\n", getpid());
	/* Above the root is a name of the list; nothing below it is. */
	close(open("/inner/else", O_CREAT | O_WRONLY, 0600));
	printf("!open\t\"tgid\":%d,\telse\n", getpid());
	return 0;
}

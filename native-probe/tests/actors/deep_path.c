// SPDX-License-Identifier: Apache-2.0
/* Opens a file deeper than the probe walks: reported although no name can be judged, and marked. */
#include "actor.h"

int main(int argc, char **argv)
{
	int i;

	if (chdir(work_directory(argc, argv)))
		err(1, "%s", argv[1]);
	for (i = 0; i < 60; i++)
		if (mkdir("d", 0755) || chdir("d"))
			err(1, "level %d", i);
	close(open("bottom", O_CREAT | O_WRONLY, 0600));
	printf("open\t\"tgid\":%d,\t\"name\":\"bottom\"\t\"pathCut\"\t/d/d/bottom\"\n", getpid());
	printf("!open\t\"tgid\":%d,\t\"path\":\"/d\n", getpid());
	return 0;
}

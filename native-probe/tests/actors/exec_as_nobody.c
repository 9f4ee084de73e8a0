// SPDX-License-Identifier: Apache-2.0
/* Gives up its rights, then starts a program: the event carries the new credentials. */
#include "actor.h"

int main(void)
{
	pid_t child = fork();

	if (child == 0) {
		if (setgid(65534) || setuid(65534))
			err(1, "setuid");
		execl("/bin/true", "true", NULL);
		err(1, "/bin/true");
	}
	wait_for(child);
	printf("exec\t\"tgid\":%d,\t\"uid\":65534,\"gid\":65534,\"realUid\":"
	       "65534\t\"capEffective\":\"0\"\n",
	       child);
	return 0;
}

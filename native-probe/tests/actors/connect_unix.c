// SPDX-License-Identifier: Apache-2.0
/* Connects to a Unix socket with a path, and to one with an abstract name. */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "actor.h"

static void connect_to(const struct sockaddr_un *address, socklen_t length)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(listener, (const struct sockaddr *)address, length) || listen(listener, 1) ||
	    connect(client, (const struct sockaddr *)address, length))
		err(1, "connect");
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket",
		 work_directory(argc, argv));
	connect_to(&address, sizeof(address));
	printf("connect\t\"tgid\":%d,\t\"family\":1,\t\"path\":\"%s\"\n", getpid(),
	       address.sun_path);
	memset(address.sun_path, 0, sizeof(address.sun_path));
	length =
		snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "pounce-%d", getpid());
	connect_to(&address, offsetof(struct sockaddr_un, sun_path) + 1 + length);
	printf("connect\t\"tgid\":%d,\t\"family\":1,\t\"path\":\"\\u0000pounce-%d\"\n", getpid(),
	       getpid());
	return 0;
}

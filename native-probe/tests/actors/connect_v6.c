// SPDX-License-Identifier: Apache-2.0
/* Connects to a listener of its own over IPv6; prints nothing where the host has none. */
#include <netinet/in.h>
#include <sys/socket.h>
#include "actor.h"

int main(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET6, SOCK_STREAM, 0);
	int client = socket(AF_INET6, SOCK_STREAM, 0);

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, length))
		return 0;
	if (listen(listener, 1) || getsockname(listener, (struct sockaddr *)&address, &length) ||
	    connect(client, (struct sockaddr *)&address, length))
		err(1, "connect");
	printf("connect\t\"tgid\":%d,\t\"ret\":0,\t\"family\":10,\"protocol\":6,\t\"local\":\"::"
	       "1\"\t"
	       "\"remote\":\"::1\",\"remotePort\":%d,\n",
	       getpid(), ntohs(address.sin6_port));
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* Connects to a listener of its own, then to a port that refuses, then a datagram socket. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "actor.h"

int main(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct sockaddr_in local;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length) ||
	    connect(client, (struct sockaddr *)&address, length) ||
	    getsockname(client, (struct sockaddr *)&local, &length))
		err(1, "connect");
	printf("connect\t\"tgid\":%d,\t\"ret\":0,\t\"family\":2,\"protocol\":6,\t\"local\":\"127.0."
	       "0.1\",\"localPort\":%d,\t"
	       "\"remote\":\"127.0.0.1\",\"remotePort\":%d,\n",
	       getpid(), ntohs(local.sin_port), ntohs(address.sin_port));
	close(listener);
	close(client);
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (!connect(client, (struct sockaddr *)&address, length))
		errx(1, "somebody listens on the port that was just closed");
	printf("connect\t\"tgid\":%d,\t\"ret\":-111,\t\"remote\":\"127.0.0.1\",\"remotePort\":%d,"
	       "\n",
	       getpid(), ntohs(address.sin_port));
	client = socket(AF_INET, SOCK_DGRAM, 0);
	address.sin_port = htons(53);
	connect(client, (struct sockaddr *)&address, length);
	printf("connect\t\"tgid\":%d,\t\"ret\":0,\t\"protocol\":17,\t\"remotePort\":53,\n",
	       getpid());
	return 0;
}

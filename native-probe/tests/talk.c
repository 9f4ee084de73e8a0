// SPDX-License-Identifier: Apache-2.0
/*
 * Two that talk, to see whether they can:
 *
 *	talk serve PORT            sends back what comes, over TCP and UDP, of both versions; prints "ready"
 *	talk ask ADDRESS PORT [udp]
 *	                           0 when one byte came back within PATIENCE_MS; 3 when it was told at once that
 *	                           it may not (EPERM), 1 otherwise
 *	talk hold ADDRESS PORT     opens a connection and prints "open"; then, for each line it is given, sends a byte
 *	                           and prints "answered" or "silent"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 300

static int comes(int fd, short events)
{
	struct pollfd poll_ = {.fd = fd, .events = events};

	return poll(&poll_, 1, PATIENCE_MS) == 1;
}

static int bound(int type, int port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET6, type, 0), on = 1, off = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any))) {
		perror("talk: bind");
		exit(2);
	}
	return fd;
}

static int serve(int port)
{
	int tcp = bound(SOCK_STREAM, port), udp = bound(SOCK_DGRAM, port);
	struct sockaddr_storage from;
	socklen_t size;
	char bytes[64];
	ssize_t got;

	signal(SIGCHLD, SIG_IGN);
	listen(tcp, 64);
	puts("ready");
	fflush(stdout);
	if (!fork())
		for (prctl(PR_SET_PDEATHSIG, SIGKILL);;) {
			size = sizeof(from);
			got = recvfrom(udp, bytes, sizeof(bytes), 0, (struct sockaddr *)&from,
				       &size);
			if (got > 0)
				sendto(udp, bytes, got, 0, (struct sockaddr *)&from, size);
		}
	for (;;) {
		int fd = accept(tcp, NULL, NULL);

		if (fd < 0)
			continue;
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while ((got = read(fd, bytes, sizeof(bytes))) > 0)
				if (write(fd, bytes, got) < 0)
					break;
			_exit(0);
		}
		close(fd);
	}
}

static int reach(const char *address, const char *port, int type)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port))};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	bool is_four = inet_pton(AF_INET, address, &four.sin_addr) == 1;
	int fd, error = 0;
	socklen_t size = sizeof(error);

	if (!is_four && inet_pton(AF_INET6, address, &to.sin6_addr) != 1)
		exit(2);
	fd = socket(is_four ? AF_INET : AF_INET6, type | SOCK_NONBLOCK, 0);
	if (connect(fd, is_four ? (void *)&four : &to, is_four ? sizeof(four) : sizeof(to)) &&
	    errno != EINPROGRESS)
		exit(errno == EPERM ? 3 : 1);
	if (!comes(fd, POLLOUT) || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) || error)
		exit(1);
	return fd;
}

static int is_answered(int fd)
{
	char byte = 'x';

	if (write(fd, &byte, 1) != 1)
		return 0;
	return comes(fd, POLLIN) && read(fd, &byte, 1) == 1;
}

int main(int argc, char **argv)
{
	char line[64];
	int fd;

	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(atoi(argv[2]));
	if (argc >= 4 && !strcmp(argv[1], "ask")) {
		fd = reach(argv[2], argv[3], argc > 4 ? SOCK_DGRAM : SOCK_STREAM);
		return !is_answered(fd);
	}
	if (argc == 4 && !strcmp(argv[1], "hold")) {
		fd = reach(argv[2], argv[3], SOCK_STREAM);
		puts("open");
		fflush(stdout);
		while (fgets(line, sizeof(line), stdin)) {
			puts(is_answered(fd) ? "answered" : "silent");
			fflush(stdout);
		}
		return 0;
	}
	return 2;
}

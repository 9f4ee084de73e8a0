// SPDX-License-Identifier: Apache-2.0
/*
 * How long until a container is cut off? Talks without a pause while a command runs that cuts it off:
 *
 *	isolate_latency open|new ADDRESS PORT COMMAND...
 *	isolate_latency serve PORT
 *
 * `open` sends bytes on one connection and waits for each to come back; `new` makes a connection after the other. Prints, in
 * microseconds since the command was started: when what was refused first was sent, and when the command had ended.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/tcp.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

/* Far above what an answer takes here, or the loop would end by a pause of the machine. */
#define PATIENCE_MS 200

/* Between two attempts, or they would take the processors from what is measured. */
#define PAUSE_US 100

extern char **environ;
static struct sockaddr_in peer = {.sin_family = AF_INET};

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static bool comes(int fd, short events)
{
	struct pollfd poll_ = {.fd = fd, .events = events};

	return poll(&poll_, 1, PATIENCE_MS) == 1;
}

static int reach(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0, on = 1;
	struct linger linger = {.l_onoff = 1};
	socklen_t size = sizeof(error);

	/* No port is kept back, however many connections there are. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if ((connect(fd, (struct sockaddr *)&peer, sizeof(peer)) && errno != EINPROGRESS) ||
	    !comes(fd, POLLOUT) || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) || error) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool talks(int *fd, bool anew)
{
	char byte = 'x';

	if (anew) {
		close(*fd);
		*fd = reach();
		return *fd >= 0;
	}
	return write(*fd, &byte, 1) == 1 && comes(*fd, POLLIN) && read(*fd, &byte, 1) == 1;
}

static double ended;

static void *await_end(void *pid)
{
	waitpid(*(pid_t *)pid, NULL, 0);
	ended = now_us();
	return NULL;
}

/* One connection at a time: a new one ends the last. */
static int serve(int port)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct pollfd both[2] = {{.fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN},
				 {.fd = -1, .events = POLLIN}};
	char byte;

	if (bind(both[0].fd, (struct sockaddr *)&any, sizeof(any)) || listen(both[0].fd, 512))
		return 1;
	for (;;) {
		poll(both, 2, -1);
		if (both[1].fd >= 0 && both[1].revents &&
		    (read(both[1].fd, &byte, 1) != 1 || write(both[1].fd, &byte, 1) != 1)) {
			close(both[1].fd);
			both[1].fd = -1;
		}
		if (both[0].revents) {
			if (both[1].fd >= 0)
				close(both[1].fd);
			both[1].fd = accept(both[0].fd, NULL, NULL);
		}
	}
}

int main(int argc, char **argv)
{
	struct timespec pause = {.tv_nsec = PAUSE_US * 1000};
	posix_spawn_file_actions_t actions;
	bool anew = argc > 1 && !strcmp(argv[1], "new");
	double begun, sent;
	pthread_t waiter;
	pid_t command;
	int fd, i;

	if (argc == 3)
		return serve(atoi(argv[2]));
	if (argc < 5)
		return 2;
	inet_pton(AF_INET, argv[2], &peer.sin_addr);
	peer.sin_port = htons(atoi(argv[3]));
	fd = reach();
	for (i = 0; i < 100; i++)
		if (fd < 0 || !talks(&fd, anew)) {
			fputs("isolate_latency: not answered to begin with\n", stderr);
			return 1;
		}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	begun = now_us();
	if (posix_spawn(&command, argv[4], &actions, NULL, argv + 4, environ))
		return 1;
	pthread_create(&waiter, NULL, await_end, &command);
	do {
		nanosleep(&pause, NULL);
		sent = now_us();
	} while (talks(&fd, anew) && sent - begun < 5e6);
	pthread_join(waiter, NULL);
	printf("%.0f %.0f\n", sent - begun, ended - begun);
	return 0;
}

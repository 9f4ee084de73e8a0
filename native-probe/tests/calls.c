// SPDX-License-Identifier: Apache-2.0
/*
 * Makes system calls that are known beforehand, to see what a trace tells of them:
 *
 *	calls known DIRECTORY	one of each kind whose arguments are told, and a program
 *	calls count N		reads a byte, makes N calls of getppid, reads a byte, and ends: N + 3 calls, of which the
 *				last does not return
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void known(const char *directory)
{
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
	struct sockaddr_un abstract = {.sun_family = AF_UNIX, .sun_path = "\0no\"body"};
	char *argv[] = {"true", "an argument", NULL}, *envp[] = {"SECRET=hidden", NULL};

	if (chdir(directory))
		exit(2);
	four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	six.sin6_addr = in6addr_loopback;
	close(open("was here", O_CREAT | O_WRONLY, 0600));
	open("was\nn\x80t here", O_RDONLY);
	syscall(SYS_openat, AT_FDCWD, 16, O_RDONLY); /* no string */
	rename("was here", "is \"here\"");
	symlink("elsewhere", "link");
	unlinkat(AT_FDCWD, "is \"here\"", 0);
	connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&four, sizeof(four));
	connect(socket(AF_INET6, SOCK_STREAM, 0), (void *)&six, sizeof(six));
	connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&abstract, sizeof(sa_family_t) + 8);
	execve("/bin/no such program", argv, envp);
	execve("/bin/true", argv, envp);
}

static void count(long calls)
{
	char byte;

	if (read(0, &byte, 1) != 1)
		_exit(2);
	while (calls--)
		syscall(SYS_getppid);
	_exit(read(0, &byte, 1) != 1);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "known"))
		known(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "count"))
		count(atol(argv[2]));
	return 2;
}

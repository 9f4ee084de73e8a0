// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "container.h"

/* A control group's path is at most PATH_MAX, and with version 1 a dozen of them are in the file. */
#define CGROUP_BYTES (64 * 1024)

/* init_net is the first that gets a cookie (net/core/net_namespace.c, since 5.12). */
#define COOKIE_OF_FIRST_NETWORK 1

ssize_t file__read(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got = -1;

	if (fd < 0)
		return -errno;
	while (used < size - 1 && (got = read(fd, buffer + used, size - 1 - used)) > 0)
		used += got;
	close(fd);
	if (got < 0)
		return -errno;
	buffer[used] = '\0';
	return used;
}

int network__own(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return fd;
}

int network__enter(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}

uint64_t network__cookie(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t length = sizeof(cookie);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length))
		cookie = 0;
	if (fd >= 0)
		close(fd);
	return cookie;
}

static int network__of_process(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static ino_t network__inode(pid_t pid)
{
	struct stat stat_;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	return stat(path, &stat_) ? 0 : stat_.st_ino;
}

static pid_t pid_of(const struct dirent *entry)
{
	return entry->d_name[0] >= '0' && entry->d_name[0] <= '9' ? atoi(entry->d_name) : 0;
}

static bool is_network(int fd, ino_t inode, uint64_t cookie)
{
	struct stat stat_;

	return !fstat(fd, &stat_) && stat_.st_ino == inode && !network__enter(fd) &&
	       network__cookie() == cookie;
}

int network__open(ino_t inode, uint64_t cookie)
{
	DIR *proc;
	struct dirent *entry;
	int fd = dup(network__own());

	if (fd >= 0 && is_network(fd, inode, cookie))
		return fd;
	close(fd);
	proc = opendir("/proc");
	while (proc && (entry = readdir(proc))) {
		pid_t pid = pid_of(entry);

		if (!pid || network__inode(pid) != inode)
			continue;
		fd = network__of_process(pid);
		if (fd >= 0 && is_network(fd, inode, cookie)) {
			closedir(proc);
			return fd;
		}
		if (fd >= 0)
			close(fd);
	}
	if (proc)
		closedir(proc);
	network__enter(network__own());
	return -ENOENT;
}

/* The path behind `cgroup` on its line, or NULL: it, or one that is below it. */
static const char *cgroup__find(const char *lines, const char *cgroup)
{
	size_t length = strlen(cgroup);
	const char *line = lines;

	while (line && *line) {
		const char *directory = strchr(line, ':');

		if (!directory)
			return NULL;
		directory++;
		if (!strncmp(directory, cgroup, length) &&
		    (directory[length] == '\n' || directory[length] == '/' || !directory[length]))
			return directory;
		line = strchr(directory, '\n');
		if (line)
			line++;
	}
	return NULL;
}

static bool process__is_in(pid_t pid, const char *cgroup, char *buffer)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	return file__read(path, buffer, CGROUP_BYTES) > 0 && cgroup__find(buffer, cgroup);
}

/* Parent and start time: the 4th and 22nd field. The name in brackets may hold anything, brackets too. */
static bool process__stat(pid_t pid, pid_t *ret_parent, uint64_t *ret_ticks)
{
	char path[64], line[1024];
	char *rest;
	int parent;
	unsigned long long ticks;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file__read(path, line, sizeof(line)) <= 0 || !(rest = strrchr(line, ')')))
		return false;
	if (sscanf(rest + 1,
		   " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%llu",
		   &parent, &ticks) != 2)
		return false;
	*ret_parent = parent;
	*ret_ticks = ticks;
	return true;
}

bool process__is_alive(int pidfd)
{
	struct pollfd poll_ = {.fd = pidfd, .events = POLLIN};

	return poll(&poll_, 1, 0) == 0;
}

bool container__is_alive(const struct container *container)
{
	size_t i;

	for (i = 0; i < container->count; i++)
		if (process__is_alive(container->pidfds[i]))
			return true;
	return false;
}

static struct network *container__network(struct container *container, ino_t inode)
{
	size_t i;

	for (i = 0; i < container->network_count; i++)
		if (container->networks[i].inode == inode)
			return &container->networks[i];
	return NULL;
}

/* Takes the descriptor. */
static int container__add_network(struct container *container, int fd, bool of_node, pid_t member)
{
	struct stat stat_;
	struct network *network;

	if (fd < 0)
		return fd;
	if (fstat(fd, &stat_)) {
		close(fd);
		return -errno;
	}
	network = container__network(container, stat_.st_ino);
	if (network) {
		close(fd);
		network->of_node |= of_node;
		network->member = network->member ? network->member : member;
		return 0;
	}
	if (container->network_count == CONTAINER_NETWORKS) {
		close(fd);
		return -E2BIG;
	}
	network = &container->networks[container->network_count++];
	*network = (struct network){
		.fd = fd, .inode = stat_.st_ino, .of_node = of_node, .member = member};
	return 0;
}

static int container__add_member(struct container *container, pid_t pid, bool networks,
				 char *buffer)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	pid_t *members;
	int *pidfds;
	int network;

	if (pidfd < 0)
		return 0; /* gone, or a thread */
	/* Once more, now that its pid cannot come to mean another without our seeing it end. */
	network = process__is_in(pid, container->cgroup, buffer) ? 0 : -ESRCH;
	if (!network && networks)
		network = network__of_process(pid);
	if (network < 0 || !process__is_alive(pidfd)) {
		if (networks && network >= 0)
			close(network);
		/* What cannot be looked at for want of rights is no process that has gone. */
		bool gone = network >= 0 || !process__is_alive(pidfd) || network == -ESRCH ||
			    network == -ENOENT;

		close(pidfd);
		return gone ? 0 : network;
	}
	members = realloc(container->members, (container->count + 1) * sizeof(*members));
	if (members)
		container->members = members;
	pidfds = realloc(container->pidfds, (container->count + 1) * sizeof(*pidfds));
	if (pidfds)
		container->pidfds = pidfds;
	if (!members || !pidfds) {
		if (networks)
			close(network);
		close(pidfd);
		return -ENOMEM;
	}
	members[container->count] = pid;
	pidfds[container->count++] = pidfd;
	return networks ? container__add_network(container, network, false, pid) : 0;
}

static bool container__has(const struct container *container, pid_t pid)
{
	size_t i;

	for (i = 0; i < container->count; i++)
		if (container->members[i] == pid)
			return true;
	return false;
}

/*
 * Which networks are the node's: ours, the machine's first, that of its first process, and those in which the
 * processes are that have started the container (a shim or monitor of its runtime). The last also
 * holds where node and engine are in different networks, and for containers in containers.
 */
static int container__find_node(struct container *container)
{
	size_t i;
	int error;

	error = container__add_network(container, dup(network__own()), true, 0);
	if (error)
		return error;
	container__add_network(container, network__of_process(1), true, 0);
	for (i = 0; i < container->count; i++) {
		pid_t parent;
		uint64_t ticks;

		if (!process__stat(container->members[i], &parent, &ticks) ||
		    container__has(container, parent))
			continue;
		if (parent > 0)
			container__add_network(container, network__of_process(parent), true, 0);
		if (!container->eldest || ticks < container->eldest_ticks) {
			container->eldest = container->members[i];
			container->eldest_ticks = ticks;
		}
	}
	if (!container->eldest)
		container->eldest = container->members[0];
	for (i = 0; i < container->network_count; i++) {
		struct network *network = &container->networks[i];

		error = network__enter(network->fd);
		if (error)
			break;
		network->cookie = network__cookie();
		network->of_node |= network->cookie == COOKIE_OF_FIRST_NETWORK;
	}
	network__enter(network__own());
	return error;
}

static void container__find_sharers(struct container *container, const pid_t *others, size_t count,
				    char *buffer)
{
	char *hierarchy = strndup(container->cgroup, strcspn(container->cgroup, ":") + 1);
	size_t i, known;

	for (i = 0; hierarchy && i < count && container->sharer_count < CONTAINER_SHARERS; i++) {
		const struct network *network =
			container__network(container, network__inode(others[i]));
		char path[64];
		const char *directory;
		char *found;

		if (!network || network->of_node)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/cgroup", others[i]);
		if (file__read(path, buffer, CGROUP_BYTES) <= 0)
			continue;
		directory = cgroup__find(buffer, hierarchy);
		if (!directory)
			continue;
		found = strndup(directory, strcspn(directory, "\n"));
		for (known = 0; found && known < container->sharer_count; known++)
			if (!strcmp(container->sharers[known], found))
				break;
		if (found && known == container->sharer_count)
			container->sharers[container->sharer_count++] = found;
		else
			free(found);
	}
	free(hierarchy);
}

static int container__look(struct container *container, const char *cgroup, bool networks)
{
	char *buffer = malloc(CGROUP_BYTES);
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t *others = NULL;
	size_t other_count = 0, i;
	int error = 0;

	*container = (struct container){.cgroup = cgroup};
	if (!buffer || !proc)
		error = -ENOMEM;
	while (!error && (entry = readdir(proc))) {
		pid_t pid = pid_of(entry);

		if (!pid)
			continue;
		if (process__is_in(pid, cgroup, buffer)) {
			error = container__add_member(container, pid, networks, buffer);
		} else if (!(other_count & (other_count - 1))) {
			pid_t *more = realloc(others, (other_count ? 2 * other_count : 1) *
							      sizeof(*others));

			if (!more)
				error = -ENOMEM;
			else
				(others = more)[other_count++] = pid;
		} else {
			others[other_count++] = pid;
		}
	}
	if (!error && !container->count)
		error = -ESRCH;
	if (!error && networks)
		error = container__find_node(container);
	for (i = 0; !error && networks && i < container->count; i++) {
		const struct network *network =
			container__network(container, network__inode(container->members[i]));

		container->in_node_network += network && network->of_node;
	}
	if (!error && networks)
		container__find_sharers(container, others, other_count, buffer);
	if (proc)
		closedir(proc);
	free(others);
	free(buffer);
	if (error)
		container__close(container);
	return error;
}

int container__find(struct container *container, const char *cgroup)
{
	return container__look(container, cgroup, true);
}

int container__find_members(struct container *container, const char *cgroup)
{
	return container__look(container, cgroup, false);
}

int container__depth(const struct container *container, size_t member)
{
	char *buffer = malloc(CGROUP_BYTES);
	const char *line = NULL;
	char path[64];
	int depth = -1;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", container->members[member]);
	if (buffer && file__read(path, buffer, CGROUP_BYTES) > 0)
		line = cgroup__find(buffer, container->cgroup);
	if (line && process__is_alive(container->pidfds[member]))
		for (depth = 0, line += strlen(container->cgroup); *line && *line != '\n'; line++)
			depth += *line == '/';
	free(buffer);
	return depth;
}

void container__close(struct container *container)
{
	size_t i;

	for (i = 0; i < container->count; i++)
		close(container->pidfds[i]);
	for (i = 0; i < container->network_count; i++)
		close(container->networks[i].fd);
	for (i = 0; i < container->sharer_count; i++)
		free(container->sharers[i]);
	free(container->members);
	free(container->pidfds);
	*container = (struct container){};
}

/* Where the unified hierarchy is mounted, as a whole: the fifth field of mountinfo, and the fourth is its root. */
static bool unified__mount(char *ret_path, size_t size)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	while (mounts && !found && getline(&line, &room, mounts) > 0) {
		char root[256], path[1024];
		const char *type = strstr(line, " - ");

		if (!type || strncmp(type, " - cgroup2 ", 11) ||
		    sscanf(line, "%*s %*s %*s %255s %1023s", root, path) != 2 || strcmp(root, "/"))
			continue;
		found = snprintf(ret_path, size, "%s", path) < (int)size;
	}
	free(line);
	if (mounts)
		fclose(mounts);
	return found;
}

bool container__unified(const struct container *container, char *ret_path, size_t size)
{
	const char *name = strrchr(container->cgroup, '/');
	char *buffer, *directory = NULL;
	const char *line, *at;
	char path[64];
	size_t i, used, length;
	bool found = false;
	struct stat stat_;

	if (!name || !name[1] || !unified__mount(ret_path, size))
		return false;
	buffer = malloc(CGROUP_BYTES);
	snprintf(path, sizeof(path), "/proc/%d/cgroup", container->eldest);
	if (!buffer || file__read(path, buffer, CGROUP_BYTES) <= 0)
		goto out;
	line = cgroup__find(buffer, ":");
	/* Dots: it is above the root of our control group namespace, and not below what is mounted here. */
	if (!line || !strncmp(line, ":/..", 4))
		goto out;
	/* Up to and with the name that the container's directory has in its own hierarchy. */
	length = strlen(name);
	for (at = strstr(line, name); at; at = strstr(at + 1, name))
		if (at[length] == '\n' || at[length] == '/' || !at[length])
			break;
	if (!at || at > line + strcspn(line, "\n"))
		goto out;
	directory = strndup(line, at + length - line);
	if (!directory)
		goto out;
	/* All of its processes, or none: half a cut is no cut. */
	for (i = 0; i < container->count; i++)
		if (process__is_alive(container->pidfds[i]) &&
		    !process__is_in(container->members[i], directory, buffer))
			goto out;
	used = strlen(ret_path);
	found = snprintf(ret_path + used, size - used, "%s", directory + 1) < (int)(size - used) &&
		!stat(ret_path, &stat_) && S_ISDIR(stat_.st_mode);
out:
	free(directory);
	free(buffer);
	return found;
}

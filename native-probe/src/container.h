/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of one container, and the networks they are in, as /proc shows them at this moment. */
#ifndef POUNCE_CONTAINER_H
#define POUNCE_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTAINER_NETWORKS 16
#define CONTAINER_SHARERS  8

struct network {
	int fd; /* of the namespace */
	uint64_t cookie;
	ino_t inode;
	bool of_node; /* the node's own, or ours: never to be cut */
	pid_t member; /* of the container, in it; 0 when none is */
};

struct container {
	const char *cgroup; /* as given */
	pid_t *members;
	int *pidfds; /* of the members, in the same order */
	size_t count;
	pid_t eldest;          /* of those that something outside of it has started */
	uint64_t eldest_ticks; /* since boot, when it started */
	struct network networks[CONTAINER_NETWORKS];
	size_t network_count;
	size_t in_node_network;           /* members that are in a network of the node */
	char *sharers[CONTAINER_SHARERS]; /* control groups of others in its networks */
	size_t sharer_count;
};

/*
 * Finds them. `cgroup` is the directory of its control group as /proc/PID/cgroup writes it, without the number in
 * front: CONTROLLERS:PATH, nothing before the colon in the unified hierarchy. A process that is held here
 * is known by its pidfd to have been in it when its namespace was opened, so a pid that is used again is nobody's.
 *
 * 0; or a negative error number: -ESRCH when there is no process in it.
 */
int container__find(struct container *container, const char *cgroup);

/* The processes alone, for which less is needed: without networks, and who else is in them. */
int container__find_members(struct container *container, const char *cgroup);

/* How many control groups below that of the container the member is in; negative when it is in it no more. */
int container__depth(const struct container *container, size_t member);

/* Is the process still there? While it is, its pid is its own. */
bool process__is_alive(int pidfd);

/* Is any process of it that was found still there? */
bool container__is_alive(const struct container *container);

void container__close(struct container *container);

/* Our own network namespace, as it was when the program began. Kept open. */
int network__own(void);

/* Makes it that of this thread. Negative error number. */
int network__enter(int fd);

/* Of the network that this thread is in; 0 before Linux 5.14. */
uint64_t network__cookie(void);

/* A descriptor of the namespace with this number and cookie, in which some process is; or -ENOENT. */
int network__open(ino_t inode, uint64_t cookie);

/* All of a small file, with a zero behind it; what of it fits. Negative error number. */
ssize_t file__read(const char *path, char *buffer, size_t size);

/* The directory of its control group in the unified hierarchy, if it is in one of its own there. */
bool container__unified(const struct container *container, char *ret_path, size_t size);

#endif

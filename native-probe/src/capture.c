// SPDX-License-Identifier: Apache-2.0
/*
 * Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap (libpcap's, with nanoseconds), one capture of all
 * interfaces. Seen at the node's end: what the container tries to send while it is cut off is in it, what others try to
 * send to it then is not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "capture.h"
#include "command.h"
#include "container.h"
#include "isolate.h"
#include "outlets.h"

#define PCAP_MAGIC_NS 0xa1b23c4d
#define SNAPLEN_MAX   262144
#define SECONDS_MAX   3600
#define SOCKETS       16

/* What may wait in the kernel while we write: a pipe's reader that rests for a moment loses nothing. */
#define BUFFER_BYTES (8 * 1024 * 1024)

struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	int32_t zone;
	uint32_t accuracy, snaplen, link_type;
};

struct pcap_packet {
	uint32_t seconds, nanoseconds, captured, length;
};

struct capture {
	uint32_t snaplen;
	uint64_t bytes_max;
	int fds[SOCKETS];
	size_t count;
	uint64_t packets, bytes;
	bool is_full;
};

/* In the network that this thread is in. Nothing is delivered before it is bound to its interface. */
static int listen_at(const struct outlet *outlet)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_protocol = htons(ETH_P_ALL),
				      .sll_ifindex = outlet->index};
	struct ifreq request = {};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int size = BUFFER_BYTES, on = 1, error;

	if (fd < 0)
		return -errno;
	memcpy(request.ifr_name, outlet->name, sizeof(outlet->name));
	if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) {
		error = -errno;
	} else if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
		error = -EPROTONOSUPPORT;
	} else {
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
			setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
		error = bind(fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	}
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

static int capture__open(struct capture *capture, const struct container *container,
			 size_t *ret_others)
{
	size_t n;

	*ret_others = 0;
	for (n = 0; n < container->network_count; n++) {
		const struct network *network = &container->networks[n];
		struct outlet outlets[SOCKETS];
		int count, i;

		if (network->of_node || !network->member)
			continue;
		count = outlets__find(container, network, outlets, SOCKETS);
		if (count < 0)
			return count;
		for (i = 0; i < count; i++) {
			int fd;

			if (i >= SOCKETS || capture->count == SOCKETS)
				return -E2BIG;
			fd = network__enter(outlets[i].network->fd);
			fd = fd ? fd : listen_at(&outlets[i]);
			if (fd == -EPROTONOSUPPORT)
				++*ret_others;
			else if (fd < 0)
				return fd;
			else
				capture->fds[capture->count++] = fd;
		}
	}
	network__enter(network__own());
	return 0;
}

static bool capture__write(struct capture *capture, const struct msghdr *message, const char *bytes,
			   size_t length)
{
	struct timespec when = {};
	struct pcap_packet packet;
	struct cmsghdr *control;

	for (control = CMSG_FIRSTHDR(message); control;
	     control = CMSG_NXTHDR((struct msghdr *)message, control))
		if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&when, CMSG_DATA(control), sizeof(when));
	packet = (struct pcap_packet){
		.seconds = when.tv_sec,
		.nanoseconds = when.tv_nsec,
		.captured = length < capture->snaplen ? length : capture->snaplen,
		.length = length,
	};
	if (capture->bytes + sizeof(packet) + packet.captured > capture->bytes_max) {
		capture->is_full = true;
		return true;
	}
	capture->packets++;
	capture->bytes += sizeof(packet) + packet.captured;
	return fwrite(&packet, sizeof(packet), 1, stdout) == 1 &&
	       (!packet.captured || fwrite(bytes, packet.captured, 1, stdout) == 1);
}

/* False when it could not be written. */
static bool capture__run_until(struct capture *capture, uint64_t end_ms)
{
	static char bytes[SNAPLEN_MAX];
	struct pollfd polls[SOCKETS];
	bool written = true;
	uint64_t now;
	size_t i;

	for (i = 0; i < capture->count; i++)
		polls[i] = (struct pollfd){.fd = capture->fds[i], .events = POLLIN};
	while (written && !command__stopped && !capture->is_full &&
	       (now = command__now_ms()) < end_ms) {
		int ready = poll(polls, capture->count, end_ms - now);

		if (ready < 0 && errno != EINTR)
			break;
		for (i = 0; ready > 0 && written && !capture->is_full && i < capture->count; i++) {
			char control[64];
			struct iovec part = {bytes, capture->snaplen};
			struct msghdr message = {.msg_iov = &part,
						 .msg_iovlen = 1,
						 .msg_control = control,
						 .msg_controllen = sizeof(control)};
			ssize_t length;

			if (!polls[i].revents)
				continue;
			length = recvmsg(polls[i].fd, &message, MSG_DONTWAIT | MSG_TRUNC);
			if (length >= 0)
				written = capture__write(capture, &message, bytes, length);
			else if (errno == ENETDOWN || errno == ENODEV)
				polls[i].fd = -1; /* the container has gone */
		}
		/* A quiet network is seen at once, a busy one in blocks. */
		if (ready == 1)
			fflush(stdout);
	}
	return written && !fflush(stdout);
}

static uint64_t capture__lost(const struct capture *capture)
{
	uint64_t lost = 0;
	size_t i;

	for (i = 0; i < capture->count; i++) {
		struct tpacket_stats stats;
		socklen_t size = sizeof(stats);

		if (!getsockopt(capture->fds[i], SOL_PACKET, PACKET_STATISTICS, &stats, &size))
			lost += stats.tp_drops;
	}
	return lost;
}

enum option_code {
	OPTION_CGROUP = 1,
	OPTION_SECONDS,
	OPTION_SNAPLEN,
	OPTION_BYTES,
};

static const struct option options[] = {
	{"cgroup", required_argument, NULL, OPTION_CGROUP},
	{"seconds", required_argument, NULL, OPTION_SECONDS},
	{"snaplen", required_argument, NULL, OPTION_SNAPLEN},
	{"bytes", required_argument, NULL, OPTION_BYTES},
	{},
};

int capture__run(int argc, char **argv)
{
	struct capture capture = {.snaplen = 4096, .bytes_max = UINT64_MAX};
	struct container container;
	struct pcap_header header = {
		.magic = PCAP_MAGIC_NS, .major = 2, .minor = 4, .link_type = 1 /* Ethernet */};
	uint64_t seconds = 5, snaplen = 4096, end_ms;
	const char *cgroup = NULL;
	size_t others;
	int option, error;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool good = option != '?';

		if (option == OPTION_CGROUP)
			cgroup = optarg;
		else if (option == OPTION_SECONDS)
			good = command__number(optarg, 1, SECONDS_MAX, &seconds);
		else if (option == OPTION_SNAPLEN)
			good = command__number(optarg, 0, SNAPLEN_MAX, &snaplen);
		else if (option == OPTION_BYTES)
			good = command__number(optarg, sizeof(header), UINT64_MAX,
					       &capture.bytes_max);
		if (!good)
			return ISOLATE_USAGE;
	}
	if (!cgroup || !strchr(cgroup, ':'))
		return command__ended(ISOLATE_USAGE, "failed",
				      "capture takes --cgroup CONTROLLERS:/PATH");
	capture.snaplen = snaplen ? snaplen : SNAPLEN_MAX;
	command__begin();
	end_ms = command__now_ms() + seconds * 1000;

	error = container__find(&container, cgroup);
	if (error == -ESRCH)
		return command__ended(ISOLATE_GONE, "gone", "no process is in control group %s",
				      cgroup);
	if (!error)
		error = capture__open(&capture, &container, &others);
	if (error)
		return command__ended(ISOLATE_FAILED, "failed",
				      "cannot listen to its network: %s%s", strerror(-error),
				      error == -EPERM ? " (it takes CAP_NET_RAW, CAP_SYS_ADMIN and "
							"CAP_SYS_PTRACE)"
						      : "");
	if (!capture.count)
		return command__ended(
			ISOLATE_REFUSED, "refused", "%s",
			container.in_node_network
				? "it is in the network of its node, whose packets are not its own"
			: others ? "its network is of a kind that cannot be written down"
				 : "its network has no interface beyond itself");
	header.snaplen = capture.snaplen;
	capture.bytes = sizeof(header);
	if (fwrite(&header, sizeof(header), 1, stdout) != 1 || fflush(stdout) ||
	    !capture__run_until(&capture, end_ms))
		return command__ended(ISOLATE_FAILED, "failed", "cannot write: %s",
				      strerror(errno));
	fprintf(stderr,
		"{\"answer\":\"captured\",\"packets\":%" PRIu64 ",\"lost\":%" PRIu64
		",\"full\":%s,\"interfaces\":%zu}\n",
		capture.packets, capture__lost(&capture), capture.is_full ? "true" : "false",
		capture.count);
	return ISOLATE_DONE;
}

// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/if_arp.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "links.h"

/* The kernel fills up to 32 KiB of a dump into one answer. */
#define ANSWER_BYTES (32 * 1024)

static int netlink__ask(const void *request, size_t size)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (sendto(fd, request, size, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static const void *attribute__value(const struct rtattr *attribute, size_t size)
{
	return RTA_PAYLOAD(attribute) >= size ? RTA_DATA(attribute) : NULL;
}

static int attribute__number(const struct rtattr *attribute)
{
	const int *value = attribute__value(attribute, sizeof(int));

	return value ? *value : -1;
}

static void attribute__text(const struct rtattr *attribute, char *text, size_t size)
{
	size_t length = strnlen(RTA_DATA(attribute), RTA_PAYLOAD(attribute));

	length = length < size ? length : size - 1;
	memcpy(text, RTA_DATA(attribute), length);
	text[length] = '\0';
}

static void link__read(struct link *link, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const struct rtattr *attribute = IFLA_RTA(info);
	int left = IFLA_PAYLOAD(message);

	*link = (struct link){.index = info->ifi_index,
			      .is_loopback = info->ifi_type == ARPHRD_LOOPBACK};
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		const struct rtattr *inner;
		int inner_left;

		switch (attribute->rta_type & NLA_TYPE_MASK) {
		case IFLA_IFNAME:
			attribute__text(attribute, link->name, sizeof(link->name));
			break;
		case IFLA_LINK:
			link->other_index = attribute__number(attribute);
			break;
		case IFLA_LINK_NETNSID:
			link->is_elsewhere = true;
			link->other_network = attribute__number(attribute);
			break;
		case IFLA_LINKINFO:
			inner = RTA_DATA(attribute);
			inner_left = RTA_PAYLOAD(attribute);
			for (; RTA_OK(inner, inner_left); inner = RTA_NEXT(inner, inner_left))
				if (inner->rta_type == IFLA_INFO_KIND)
					attribute__text(inner, link->kind, sizeof(link->kind));
			break;
		}
	}
}

int links__list(struct link *links, size_t max)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	};
	static char answer[ANSWER_BYTES] __attribute__((aligned(NLMSG_ALIGNTO)));
	int fd = netlink__ask(&request, sizeof(request));
	size_t count = 0;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t got = recv(fd, answer, sizeof(answer), MSG_TRUNC);
		struct nlmsghdr *message = (struct nlmsghdr *)answer;
		int left = got, error = got < 0                         ? -errno
					: got > (ssize_t)sizeof(answer) ? -EMSGSIZE
									: 0;

		for (; !error && NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
			if (message->nlmsg_type == NLMSG_DONE) {
				close(fd);
				return count;
			}
			/* What changed while it was listed is not asked for again: who hides like that is met by the next. */
			if (message->nlmsg_type == NLMSG_ERROR)
				error = ((struct nlmsgerr *)NLMSG_DATA(message))->error;
			else if (message->nlmsg_type == RTM_NEWLINK && count++ < max)
				link__read(&links[count - 1], message);
		}
		if (error || got == 0) {
			close(fd);
			return error ? error : -EIO;
		}
	}
}

int links__number_of(int network_fd)
{
	struct {
		struct nlmsghdr header;
		struct rtgenmsg message;
		char padding[NLMSG_ALIGN(sizeof(struct rtgenmsg)) - sizeof(struct rtgenmsg)];
		struct rtattr attribute;
		uint32_t fd;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETNSID,
			   .nlmsg_flags = NLM_F_REQUEST},
		.attribute = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = NETNSA_FD},
		.fd = network_fd,
	};
	char answer[512] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *message = (struct nlmsghdr *)answer;
	int fd = netlink__ask(&request, sizeof(request));
	int number = -1;
	ssize_t got;

	if (fd < 0)
		return -1;
	got = recv(fd, answer, sizeof(answer), 0);
	if (got > 0 && NLMSG_OK(message, got) && message->nlmsg_type == RTM_NEWNSID) {
		struct rtattr *attribute = (struct rtattr *)((char *)NLMSG_DATA(message) +
							     NLMSG_ALIGN(sizeof(struct rtgenmsg)));
		int left = NLMSG_PAYLOAD(message, NLMSG_ALIGN(sizeof(struct rtgenmsg)));

		for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
			if (attribute->rta_type == NETNSA_NSID)
				number = attribute__number(attribute);
	}
	close(fd);
	return number;
}

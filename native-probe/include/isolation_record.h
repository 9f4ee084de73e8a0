/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What cuts a container off from the network, as the kernel keeps it: one map per isolation, which
 * lives as long as anything of it is attached. Nothing is written down anywhere else, so whoever
 * asks the kernel is told the truth, also after probe and engine have died.
 *
 * The map is named ISOLATION_MAP; another version of this record has another name.
 */
#ifndef POUNCE_ISOLATION_RECORD_H
#define POUNCE_ISOLATION_RECORD_H

#include <linux/types.h>

#define ISOLATION_MAP         "pounce_cut_1"
#define ISOLATION_KEY_MAX     64
#define ISOLATION_ID_MAX      128
#define ISOLATION_CGROUP_MAX  1024
#define ISOLATION_PLACES      16
#define ISOLATION_ALLOWED_MAX 1024
#define ISOLATION_RESOLVERS   3 /* as many as the C library asks (MAXNS) */

/* Where its packets are looked at. */
enum isolation_side {
	ISOLATION_SIDE_NODE = 1, /* the node's end of the container's interface: out of its reach */
	ISOLATION_SIDE_CONTAINER, /* the container's own end: gone if it may remove its interface */
	ISOLATION_SIDE_CGROUP,    /* its control group, whatever network it is in */
};

struct isolation_place {
	__u64 netns_cookie;
	__u32 netns_inode;
	__u32 ifindex;
	__u8 side;
	__u8 padding[7];
	char interface[16];
};

/* The programs of one isolation; several interfaces share them. */
enum isolation_program {
	ISOLATION_OUT, /* at the node's end: what comes in is what the container sends out */
	ISOLATION_IN,
	ISOLATION_EGRESS,
	ISOLATION_INGRESS,
	ISOLATION_CONNECT4,
	ISOLATION_CONNECT6,
	ISOLATION_SENDMSG4,
	ISOLATION_SENDMSG6,
	ISOLATION_PROGRAMS,
};

struct isolation_record {
	char key[ISOLATION_KEY_MAX];      /* whose it is: given by whoever asked for it */
	char container[ISOLATION_ID_MAX]; /* full id */
	__u64 since;                      /* CLOCK_BOOTTIME, nanoseconds */
	__u64 rules;                      /* equal for equal lists of what may pass */
	__u32 programs[ISOLATION_PROGRAMS];
	__u32 places;
	__u32 tc_handle; /* of its filters, where it uses filters */
	struct isolation_place place[ISOLATION_PLACES];
	char cgroup[ISOLATION_CGROUP_MAX]; /* for SIDE_CGROUP: path of the directory */
};

/* Keys of the longest-prefix maps; addresses in network order. */
struct isolation_prefix4 {
	__u32 bits;
	__u8 address[4];
};

struct isolation_prefix6 {
	__u32 bits;
	__u8 address[16];
};

/* Version 4 addresses as ::ffff:a.b.c.d, so that one map holds all. */
struct isolation_resolver {
	__u8 address[16];
};

/* Packets since it is in force. */
struct isolation_counters {
	__u64 passed;
	__u64 dropped;
};

#endif

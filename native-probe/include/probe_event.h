/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The wire between the kernel, the probe and the engine. Three programs read this layout, and one of
 * them is not written in C: whoever changes it raises PROBE_WIRE_VERSION, adds golden frames under
 * tests/golden, and teaches dev.pounce.probe.FrameDecoder the new version in the same commit.
 *
 * A connection is a stream of frames over a local Unix socket. Every frame begins with struct
 * probe_frame; `size` counts the whole frame, so a reader can skip a kind that it does not know.
 * Integers are little-endian (the host's order on every machine we build for). Structs have no
 * hidden padding: each hole is a named field, zero on the wire.
 *
 * Conversation: the engine listens, the probe connects, each checks the other's peer credentials.
 *
 *	probe  -> HELLO      who I am, before anything is loaded
 *	engine -> FILTER     what the loaded rules can match (again at any time, to change it)
 *	probe  -> ARMED      attached, the filter of that generation is in force; or REFUSED, and why
 *	probe  -> events, and a HEARTBEAT every second
 *
 * Variable data follows the fixed struct: the strings, without terminator or separator, in the order
 * in which their `_len` fields stand in the struct. A length of 0 means that the value is unknown.
 */
#ifndef POUNCE_PROBE_EVENT_H
#define POUNCE_PROBE_EVENT_H

#ifndef __VMLINUX_H__ /* the kernel side brings its own __u32 and friends */
#include <linux/types.h>
#endif

#define PROBE_WIRE_VERSION 1

#define PROBE_COMM_LEN	  16   /* TASK_COMM_LEN */
#define PROBE_PATH_MAX	  4095 /* PATH_MAX without its NUL */
#define PROBE_ARGV_MAX	  4096 /* what Falco keeps, too; PROBE_EXEC_ARGV_CUT tells that there was more */
#define PROBE_CGROUP_MAX  384  /* leaf, parent and grandparent: 192 fits `slice:cri-containerd:id`, the longest */
#define PROBE_ADDRESS_LEN 16   /* an IPv6 address; IPv4 uses the first four bytes */
#define PROBE_FRAME_MAX	  32768 /* larger is not ours: the reader refuses it */

enum probe_kind {
	PROBE_KIND_NONE = 0, /* never sent: a zeroed frame must not look valid */

	/* events: probe -> engine */
	PROBE_KIND_EXEC = 1,
	PROBE_KIND_FORK = 2,
	PROBE_KIND_EXIT = 3,
	PROBE_KIND_OPEN = 4,
	PROBE_KIND_CONNECT = 5,
	PROBE_EVENT_KINDS = 6, /* one more than the last: sizes the counter tables */

	/* control */
	PROBE_KIND_HELLO = 64,	   /* probe -> engine */
	PROBE_KIND_FILTER = 65,	   /* engine -> probe */
	PROBE_KIND_ARMED = 66,	   /* probe -> engine */
	PROBE_KIND_HEARTBEAT = 67, /* probe -> engine */
	PROBE_KIND_REFUSED = 68,   /* probe -> engine, its last frame */
};

struct probe_frame {
	__u32 size; /* of the whole frame, this struct included */
	__u16 version;
	__u16 kind;	    /* enum probe_kind */
	__u64 boottime_ns; /* CLOCK_BOOTTIME when it happened; when sent, for control frames */
};

/*
 * Which process, and where it lives. Every event carries one: the process that acted. For EXEC it is
 * the process as the new program sees it, or, when the exec failed, as it still is.
 */
struct probe_subject {
	__u64 start_boottime_ns; /* of the thread group leader; with tgid it names the process, where pid_inode is 0 */
	__u64 parent_start_boottime_ns;
	__u64 cgroup_id;      /* of the unified hierarchy; 1 is its root */
	__u64 pids_cgroup_id; /* of the pids controller, where that one is still version 1; else as above */
	__u64 cap_effective;
	__u64 cap_permitted;
	__u64 pid_inode; /* of the process's pidfd; 0 where the kernel (before 6.9) has none */
	__u32 tgid; /* in the host's pid namespace */
	__u32 tid;
	__u32 vtgid; /* in the innermost pid namespace */
	__u32 parent_tgid;
	__u32 pgid;
	__u32 sid;
	__u32 uid; /* effective, host's user namespace */
	__u32 gid;
	__u32 real_uid;
	__u32 login_uid; /* 0xffffffff: none */
	__u32 tty;	 /* device number as user space packs it (34816 is pts/0), 0: none */
	__u32 mnt_ns;
	__u32 pid_ns;
	__u32 reserved;
	char comm[PROBE_COMM_LEN]; /* NUL-terminated */
};

enum probe_exec_flags {
	PROBE_EXEC_UPPER_LAYER = 1 << 0, /* overlay file with an upper dentry: not (only) in the image */
	PROBE_EXEC_OVERLAY = 1 << 1,	 /* the file is on an overlay at all */
	PROBE_EXEC_MEMFD = 1 << 2,	 /* unlinked file of an internal tmpfs named memfd: */
	PROBE_EXEC_WRITABLE = 1 << 3,	 /* the new credentials may write the file's inode by its mode bits */
	PROBE_EXEC_ARGV_CUT = 1 << 4,	 /* argv was longer than PROBE_ARGV_MAX */
	PROBE_EXEC_PATH_CUT = 1 << 5,	 /* a path was deeper or longer than we walk */
	PROBE_EXEC_DELETED = 1 << 6,	 /* nlink was 0 */
};

/* PROBE_KIND_EXEC. Strings: path, filename, cwd, argv (each argument NUL-terminated), cgroup. */
struct probe_exec {
	struct probe_frame frame;
	struct probe_subject subject;
	__u64 inode;
	__u64 inode_ctime_ns; /* since the epoch */
	__u64 inode_mtime_ns;
	__u32 dev;   /* kernel's dev_t of the file system: major << 20 | minor */
	__s32 ret;   /* 0, or -errno when the exec failed */
	__u32 flags; /* enum probe_exec_flags */
	__u16 path_len;	    /* of the file behind the descriptor, as seen from the process's root */
	__u16 filename_len; /* as the caller gave it; for a failed exec the only one */
	__u16 cwd_len;
	__u16 argv_len;
	__u16 cgroup_len; /* `grandparent/parent/leaf` names, host's view; version 1 pids hierarchy where
			     the unified one says root */
	__u16 reserved;
};

/* PROBE_KIND_FORK: a new process (not a thread). The subject is the parent. Strings: none. */
struct probe_fork {
	struct probe_frame frame;
	struct probe_subject subject;
	__u64 child_start_boottime_ns;
	__u32 child_tgid;
	__u32 child_vtgid;
};

/* PROBE_KIND_EXIT: the last thread of a process ended. Strings: none. */
struct probe_exit {
	struct probe_frame frame;
	struct probe_subject subject;
	__u32 exit_code; /* as wait(2) reports it: signal in the low seven bits, status << 8 */
	__u32 reaper_tgid; /* who inherits the children: 0 when unknown */
};

enum probe_open_flags {
	PROBE_OPEN_UPPER_LAYER = 1 << 0,
	PROBE_OPEN_OVERLAY = 1 << 1,
	PROBE_OPEN_PATH_CUT = 1 << 2,
};

/* PROBE_KIND_OPEN: open, openat, openat2, creat returned. Strings: path, name, cgroup. */
struct probe_open {
	struct probe_frame frame;
	struct probe_subject subject;
	__u64 inode;
	__u32 dev;
	__s32 ret;	  /* the descriptor, or -errno */
	__u32 open_flags; /* O_… as the caller gave them (x86 numbers) */
	__u32 mode;	  /* of the opened file: S_IFMT and permissions; 0 when it failed */
	__u32 flags;	  /* enum probe_open_flags */
	__s32 dirfd;	  /* AT_FDCWD is -100 */
	__u32 syscall;	  /* number on this machine: tells openat from openat2 */
	__u16 path_len; /* of the file behind the new descriptor; none when the call failed */
	__u16 name_len; /* as the caller gave it */
	__u16 cgroup_len;
	__u16 reserved;
	__u32 reserved2;
};

/* PROBE_KIND_CONNECT: connect returned; the addresses are the socket's own. Strings: path, cgroup. */
struct probe_connect {
	struct probe_frame frame;
	struct probe_subject subject;
	__s32 ret; /* 0, or -errno; -EINPROGRESS (-115) is a connection on its way */
	__s32 fd;
	__u16 family;	/* AF_UNIX 1, AF_INET 2, AF_INET6 10 */
	__u16 protocol; /* IPPROTO_TCP 6, IPPROTO_UDP 17, …; 0 for AF_UNIX */
	__u16 local_port;  /* host order */
	__u16 remote_port; /* host order */
	__u8 local_address[PROBE_ADDRESS_LEN];
	__u8 remote_address[PROBE_ADDRESS_LEN];
	__u16 path_len; /* AF_UNIX: the name; an abstract one begins with a NUL */
	__u16 cgroup_len;
	__u32 reserved;
};

enum probe_tier { /* what this host can promise, found by trying: see kernel-probe tiers in the README */
	PROBE_TIER_OBSERVE = 1 << 0,
};

/* PROBE_KIND_HELLO. Strings: kernel (release), build (probe version). */
struct probe_hello {
	struct probe_frame frame;
	__u64 realtime_ns; /* CLOCK_REALTIME at frame.boottime_ns: the engine's wall clock for events */
	__u32 pid;
	__u32 cpus;
	__u16 kernel_len;
	__u16 build_len;
	__u32 reserved;
};

enum probe_filter_flags {
	PROBE_FILTER_FAILED_EXEC = 1 << 0, /* report execs that failed */
	PROBE_FILTER_FAILED_OPEN = 1 << 1, /* report opens that failed; the name list does not apply to them */
	PROBE_FILTER_EVERY_OPEN = 1 << 2,  /* the name list is not exhaustive: report all opens */
	PROBE_FILTER_UNIX_CONNECT = 1 << 3, /* report connects to Unix sockets, too */
};

/*
 * PROBE_KIND_FILTER, engine -> probe. An open is reported when one component of its path (any
 * directory, or the last name) is in the list; whole names, compared byte for byte. Followed by
 * `names` entries of { __u8 length; char name[length]; }.
 */
struct probe_filter {
	struct probe_frame frame;
	__u32 generation; /* comes back in ARMED */
	__u32 kinds;	  /* bit per enum probe_kind */
	__u32 flags;	  /* enum probe_filter_flags */
	__u32 wake;	  /* bit per kind: wake the reader at once rather than with the next batch */
	__u32 names;
	__u32 reserved;
};

/* PROBE_KIND_ARMED. Strings: hooks (comma-separated names of what is attached). */
struct probe_armed {
	struct probe_frame frame;
	__u32 generation;
	__u32 tiers; /* enum probe_tier */
	__u16 hooks_len;
	__u16 reserved;
	__u32 reserved2;
};

/*
 * PROBE_KIND_HEARTBEAT. Counters since the probe was armed; they only grow. Followed by `cpus` blocks
 * of { __u64 sent[PROBE_EVENT_KINDS]; __u64 lost[PROBE_EVENT_KINDS]; }, index = kind. For every CPU and
 * kind: sent + lost is what happened and passed the filter. A host may have more CPUs than blocks fit into
 * PROBE_FRAME_MAX (340): the last block is then the sum of its CPU and all that follow it.
 */
struct probe_heartbeat {
	struct probe_frame frame;
	__u64 realtime_ns;
	__u64 delivered;	/* event frames written to the socket */
	__u64 recursion_misses; /* program runs that the kernel skipped */
	__u32 ring_bytes;	/* of the ring buffer that are not yet consumed */
	__u32 ring_size;
	__u32 generation;
	__u16 cpus; /* blocks that follow */
	__u16 kinds; /* PROBE_EVENT_KINDS of the sender */
};

enum probe_refusal {
	PROBE_REFUSED_NO_BTF = 1,
	PROBE_REFUSED_NO_RIGHTS = 2,
	PROBE_REFUSED_KERNEL = 3, /* this kernel cannot load or attach it */
	PROBE_REFUSED_BAD_FRAME = 4, /* a frame of ours had a wrong version, kind or length */
	PROBE_REFUSED_INTERNAL = 5,
};

/*
 * What the probe exits with after it has refused, so that whoever started it need not have read why
 * to know that trying again at once is useless.
 */
#define PROBE_STATUS_REFUSED 3

/* PROBE_KIND_REFUSED. Strings: reason (a sentence: what, and what to do). */
struct probe_refused {
	struct probe_frame frame;
	__u32 refusal; /* enum probe_refusal */
	__u16 reason_len;
	__u16 reserved;
};

_Static_assert(sizeof(struct probe_frame) == 16, "wire layout changed");
_Static_assert(sizeof(struct probe_subject) == 128, "wire layout changed");
_Static_assert(sizeof(struct probe_exec) == 192, "wire layout changed");
_Static_assert(sizeof(struct probe_fork) == 160, "wire layout changed");
_Static_assert(sizeof(struct probe_exit) == 152, "wire layout changed");
_Static_assert(sizeof(struct probe_open) == 192, "wire layout changed");
_Static_assert(sizeof(struct probe_connect) == 200, "wire layout changed");
_Static_assert(sizeof(struct probe_hello) == 40, "wire layout changed");
_Static_assert(sizeof(struct probe_filter) == 40, "wire layout changed");
_Static_assert(sizeof(struct probe_armed) == 32, "wire layout changed");
_Static_assert(sizeof(struct probe_heartbeat) == 56, "wire layout changed");
_Static_assert(sizeof(struct probe_refused) == 24, "wire layout changed");

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel structures that the probe reads, and of each only the fields that it reads. The loader
 * relocates every access against the BTF of the running kernel, so order and offsets here mean
 * nothing. A dump of all types (2.8 MB) would say the same and hide what we depend on.
 *
 * A name that ends in ___old (or ___v67) is a flavour: libbpf drops the suffix when it looks for the
 * type. Each flavour names the kernel release that made it necessary.
 */
#ifndef POUNCE_KERNEL_BPF_H
#define POUNCE_KERNEL_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

/* Two __u32 until 6.2, one __u64 since: the same eight bytes on a little-endian machine. */
typedef struct {
	__u64 val;
} kernel_cap_t;

typedef struct {
	int counter;
} atomic_t;

struct pt_regs {
	unsigned long bp;
	unsigned long bx;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
};

struct hlist_node;
struct hlist_head {
	struct hlist_node *first;
};

struct qstr {
	union {
		struct {
			__u32 hash;
			__u32 len;
		};
	};
	const unsigned char *name;
};

union shortname_store { /* 6.14; before it, d_iname */
	unsigned char string[40];
	unsigned long words[5];
};

struct inode;
struct super_block;
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	union shortname_store d_shortname;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct dentry___old {
	unsigned char d_iname[32];
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct inode {
	unsigned short i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	__s64 i_ctime_sec; /* 6.11 */
	__u32 i_ctime_nsec;
	__s64 i_mtime_sec;
	__u32 i_mtime_nsec;
};

struct inode___v67 { /* 6.6 hid ctime behind accessors, 6.7 mtime */
	struct timespec64 __i_ctime;
	struct timespec64 __i_mtime;
};

struct inode___old {
	struct timespec64 i_ctime;
	struct timespec64 i_mtime;
};

struct file {
	void *private_data;
	struct inode *f_inode;
	struct path f_path;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct kernfs_node {
	struct kernfs_node *__parent; /* 6.15 */
	const char *name;
	__u64 id;
};

struct kernfs_node___old {
	struct kernfs_node *parent;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup *ancestors[0]; /* 6.1 */
};

struct cgroup___v60 {
	__u64 ancestor_ids[0];
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

enum cgroup_subsys_id {
	pids_cgrp_id = 11, /* the kernel's own number is filled in at load */
};

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct task_struct;
struct pid_namespace {
	struct task_struct *child_reaper;
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	__u64 ino; /* 6.9 */
	unsigned int level;
	struct upid numbers[1];
};

struct tty_driver {
	int major;
	int minor_start;
};

struct tty_struct {
	int index;
	struct tty_driver *driver;
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	unsigned int has_child_subreaper : 1;
	struct pid *pids[4]; /* PIDTYPE_PID, _TGID, _PGID, _SID since 4.19 */
	struct tty_struct *tty;
};

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t euid;
	kgid_t egid;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
};

struct thread_info {
	__u32 status;
};

struct task_struct {
	struct thread_info thread_info;
	struct mm_struct *mm;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	__u64 start_boottime;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kuid_t loginuid; /* only with CONFIG_AUDIT */
	struct css_set *cgroups;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
};

struct in6_addr {
	__u8 bytes[16];
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct sockaddr_un {
	unsigned short sun_family;
};

struct unix_address {
	int len;
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct bpf_iter__task {
	struct task_struct *task;
};

#pragma clang attribute pop

/* What BTF cannot carry: constants from the kernel's headers, under the kernel's names. */
#define TS_COMPAT             0x0002     /* arch/x86/include/asm/thread_info.h */
#define OVERLAYFS_SUPER_MAGIC 0x794c7630 /* include/uapi/linux/magic.h */
#define TMPFS_MAGIC           0x01021994 /* include/uapi/linux/magic.h */
#define SIGNAL_GROUP_EXIT     0x00000004 /* include/linux/sched/signal.h */
#define I_CTIME_QUERIED       (1u << 31) /* include/linux/fs.h, 6.13: a mark in the nanoseconds */
#define PIDTYPE_PGID          2          /* include/linux/pid_types.h */
#define PIDTYPE_SID           3
#define S_IFMT                0170000 /* include/uapi/linux/stat.h */
#define S_IFSOCK              0140000
#define AF_UNIX               1 /* include/linux/socket.h */
#define AF_INET               2
#define AF_INET6              10
#define EINPROGRESS           115 /* include/uapi/asm-generic/errno.h */
#define EINTR                 4
#define AT_FDCWD              (-100)

/* 6.2. Tells the verifier a type, costs no instruction at run time; see direct_walk. */
extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

/* Of version 1 where there is one, else the only one. */
static __always_inline struct cgroup *task__pids_cgroup(struct task_struct *task)
{
	struct cgroup_subsys_state *state = NULL;
	struct css_set *set = task->cgroups;
	__u64 offset = bpf_core_field_offset(struct css_set, subsys);

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		return BPF_CORE_READ(set, dfl_cgrp);
	offset += bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id) * sizeof(void *);
	bpf_probe_read_kernel(&state, sizeof(state), (void *)set + offset);
	return BPF_CORE_READ(state, cgroup);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all subjects share: the ring, the counters, the filter, the scratch in which a frame is built,
 * and who acted.
 *
 * A frame is built in scratch memory and copied into the ring by bpf_ringbuf_output: its length is
 * known only when the strings are in, and a reservation must have its length at the start. What
 * lies in the ring is the wire frame, byte for byte; the user side does not touch it.
 */
#ifndef POUNCE_PROBE_BPF_H
#define POUNCE_PROBE_BPF_H

#include "kernel.bpf.h"
#include "probe_event.h"
#include "probe_filter.h"

/* Set by the loader before load. */
const volatile int own_tgid = 0;
const volatile __u32 batch_bytes = 65536;

/*
 * The verifier lets us read through a pointer directly (one load with a fault handler) when it knows
 * the type. Where the type got lost, bpf_rdonly_cast (6.2) restores it; older kernels need a helper
 * call per field. A walk of a path reads three fields per component: it is worth having both.
 */
const volatile bool direct_walk = false;

/* Written by the loader when a filter changes. */
struct filter_slot filters[2];
__u32 active_filter;

/* Bit per syscall number that is worth a closer look, 64-bit and 32-bit numbers in one table. */
__u64 interest[FILTER_SYSCALL_WORDS];

/*
 * Set by a reader that has heard nothing for a while and stops looking by itself. The next event wakes
 * it, whatever its kind.
 */
__u32 reader_rests;

/* Ring position at the last batched wake-up. */
__u64 woken_at;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20); /* the loader may say otherwise */
} events SEC(".maps");

struct counters {
	__u64 sent[PROBE_EVENT_KINDS];
	__u64 lost[PROBE_EVENT_KINDS];
};

/* Per CPU because the engine wants to know where, and because a shared counter would bounce. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} loss SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FILTER_NAMES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC); /* else 9 MB for a filter that has fifty names */
	__type(key, struct filter_name);
	__type(value, __u32);
} filter_names SEC(".maps");

/*
 * An offset into a frame is masked to 32 KiB, and the longest string written there is 4 KiB: with
 * that much behind the mask every write is in bounds, whatever the verifier has forgotten.
 */
#define FRAME_MASK  (PROBE_FRAME_MAX - 1)
#define FRAME_SLACK 4096
#define PATH_SPACE  4096 /* PATH_MAX: longer than what any path may be */
#define NAME_MASK   255  /* NAME_MAX, and the mask that tells the verifier so */
#define CGROUP_LEAF 192  /* the `slice:cri-containerd:id` form comes to about 145 */
#define CGROUP_PARENT \
	96 /* a kubernetes pod slice comes to 63; twice this and a leaf are PROBE_CGROUP_MAX */

struct scratch {
	char frame[PROBE_FRAME_MAX + FRAME_SLACK];
	char path[PATH_SPACE + NAME_MASK +
		  1]; /* filled from the end, a component may start at 4095 */
	struct filter_name name;
	/*
	 * How much of `frame` is filled (from the front), and where `path` begins. In memory rather
	 * than in registers on purpose: the verifier forgets what it knew about a number that it
	 * stores here, and finds all turns of a loop alike instead of following each to its end.
	 */
	__u64 size;
	__u64 path_start;
	__u64 cut; /* a path of this frame is not whole */
	volatile __u64 passage;
};

/*
 * One scratch per CPU and program. The kernel never runs the same program twice at once on a CPU
 * (it counts a recursion miss instead), but another program may interrupt it. Not a per-CPU map:
 * those end at 32 KiB per value.
 */
enum scratch_owner {
	SCRATCH_EXEC,
	SCRATCH_SYSCALL,
	SCRATCH_OWNERS,
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCH_OWNERS); /* times CPUs: by the loader */
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch__get(enum scratch_owner owner)
{
	__u32 index = bpf_get_smp_processor_id() * SCRATCH_OWNERS + owner;

	return bpf_map_lookup_elem(&scratches, &index);
}

/* The same number, of which the verifier no longer knows how it came about; see struct scratch. */
static __always_inline __u64 scratch__launder(struct scratch *scratch, __u64 number)
{
	scratch->passage = number;
	return scratch->passage;
}

/*
 * A task that the kernel hands to a program is "trusted", and for each pointer read from a trusted
 * one the verifier searches all types of the kernel by name, a millisecond each time. We only read.
 */
static __always_inline struct task_struct *as_task(struct task_struct *task)
{
	if (direct_walk)
		return bpf_rdonly_cast(task, bpf_core_type_id_kernel(struct task_struct));
	return task;
}

static __always_inline const struct filter_slot *filter__now(void)
{
	return &filters[active_filter & 1];
}

static __always_inline bool filter__wants(const struct filter_slot *filter, enum probe_kind kind)
{
	return filter->kinds & (1u << kind);
}

static __always_inline void frame__begin(struct probe_frame *frame, enum probe_kind kind)
{
	frame->size = 0;
	frame->version = PROBE_WIRE_VERSION;
	frame->kind = kind;
	frame->boottime_ns = bpf_ktime_get_boot_ns();
}

/*
 * A wake-up costs more than the event that causes it (an interrupt to ourselves, dear in a virtual
 * machine), so only kinds that the engine must hear of at once get one each; the rest share one per
 * batch, and the reader looks by itself every few milliseconds.
 */
static __always_inline __u64 wake__flags(const struct filter_slot *filter, __u32 kind)
{
	__u64 position;

	if (filter->wake & (1u << kind))
		return BPF_RB_FORCE_WAKEUP;
	if (reader_rests) {
		reader_rests = 0;
		return BPF_RB_FORCE_WAKEUP;
	}
	position = bpf_ringbuf_query(&events, BPF_RB_PROD_POS);
	if (position - woken_at < batch_bytes)
		return BPF_RB_NO_WAKEUP;
	woken_at = position; /* two CPUs may both wake: harmless */
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void frame__count(__u32 kind, long error)
{
	__u32 zero = 0;
	struct counters *counters = bpf_map_lookup_elem(&loss, &zero);

	if (!counters || kind >= PROBE_EVENT_KINDS)
		return;
	/* Atomic: another program may interrupt this one between load and store. */
	if (error)
		__sync_fetch_and_add(&counters->lost[kind], 1);
	else
		__sync_fetch_and_add(&counters->sent[kind], 1);
}

/* Sends the frame in scratch. */
static __always_inline void frame__send(struct scratch *scratch, const struct filter_slot *filter,
					__u32 kind)
{
	struct probe_frame *frame = (struct probe_frame *)scratch->frame;
	__u64 size = scratch->size;

	asm volatile("" : "+r"(size)); /* or clang drops the mask as known, and 6.1 does not know */
	size &= FRAME_MASK;
	frame->size = size;
	frame__count(kind, bpf_ringbuf_output(&events, frame, size, wake__flags(filter, kind)));
}

/* Where the next string goes: at least FRAME_SLACK bytes may be written there. */
static __always_inline char *frame__end(struct scratch *scratch)
{
	__u64 offset = scratch->size;

	asm volatile("" : "+r"(offset));
	return &scratch->frame[offset & FRAME_MASK];
}

/* Takes what a bpf_probe_read_*_str just wrote to frame__end, without its NUL. */
static __always_inline __u16 frame__keep_string(struct scratch *scratch, long result)
{
	__u16 length = result > 0 ? result - 1 : 0;

	scratch->size += length;
	return length;
}

/* The number of a pid in its own, innermost namespace; the namespace comes back, too. */
static __always_inline __u32 pid__innermost(struct pid *pid, struct pid_namespace **ret_ns)
{
	struct upid upid = {};
	__u64 offset = bpf_core_field_offset(struct pid, numbers);
	__u32 level;

	if (!pid)
		return 0;
	level = pid->level;
	if (level > 32) /* MAX_PID_NS_LEVEL */
		return 0;
	offset += (__u64)level * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&upid, sizeof(upid), (void *)pid + offset);
	*ret_ns = upid.ns;
	return upid.nr;
}

static __always_inline __u32 pid__number(struct pid *pid)
{
	return pid ? BPF_CORE_READ(pid, numbers[0].nr) : 0;
}

/* What stat(2) of a pidfd shows as its inode: given to no second process as long as the machine is up. */
static __always_inline __u64 pid__inode(struct pid *pid)
{
	if (!pid || !bpf_core_field_exists(pid->ino))
		return 0;
	return pid->ino;
}

static __always_inline void subject__fill(struct probe_subject *subject, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct task_struct *parent = task->real_parent;
	struct signal_struct *signal = task->signal;
	const struct cred *cred = task->cred;
	struct pid_namespace *pid_ns = NULL;
	struct tty_struct *tty = signal->tty;

	subject->start_boottime_ns = leader->start_boottime;
	subject->parent_start_boottime_ns = parent->group_leader->start_boottime;
	subject->cgroup_id = task->cgroups->dfl_cgrp->kn->id;
	subject->pids_cgroup_id = BPF_CORE_READ(task__pids_cgroup(task), kn, id);
	bpf_probe_read_kernel(&subject->cap_effective, sizeof(subject->cap_effective),
			      &cred->cap_effective);
	bpf_probe_read_kernel(&subject->cap_permitted, sizeof(subject->cap_permitted),
			      &cred->cap_permitted);
	subject->pid_inode = pid__inode(leader->thread_pid);
	subject->tgid = task->tgid;
	subject->tid = task->pid;
	subject->vtgid = pid__innermost(leader->thread_pid, &pid_ns);
	subject->parent_tgid = parent->tgid;
	subject->pgid = pid__number(signal->pids[PIDTYPE_PGID]);
	subject->sid = pid__number(signal->pids[PIDTYPE_SID]);
	subject->uid = cred->euid.val;
	subject->gid = cred->egid.val;
	subject->real_uid = cred->uid.val;
	subject->login_uid = 0xffffffff;
	if (bpf_core_field_exists(task->loginuid))
		subject->login_uid = task->loginuid.val;
	subject->tty = 0;
	if (tty) {
		/* As new_encode_dev() in include/linux/kdev_t.h packs a device for user space. */
		__u32 major = tty->driver->major;
		__u32 minor = tty->driver->minor_start + tty->index;

		subject->tty = (minor & 0xff) | (major << 8) | ((minor & ~0xffu) << 12);
	}
	subject->mnt_ns = task->nsproxy ? task->nsproxy->mnt_ns->ns.inum : 0;
	subject->pid_ns = BPF_CORE_READ(pid_ns, ns.inum);
	subject->reserved = 0;
	bpf_probe_read_kernel(subject->comm, sizeof(subject->comm), task->comm);
}

static __always_inline struct kernfs_node *kernfs__parent(struct kernfs_node *node)
{
	struct kernfs_node___old *old = (void *)node;

	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ(old, parent);
}

/*
 * Appends `grandparent/parent/leaf`. Three names hold the container id in every layout of the known
 * runtimes (a kubernetes scope below its pod slice below its class), and reading them here works for a
 * container that is gone before anybody could look into /proc. The root itself is "/".
 */
static __always_inline __u16 cgroup__append(struct scratch *scratch, struct task_struct *task)
{
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;
	struct kernfs_node *nodes[3] = {};
	__u16 total = 0;
	int i;

	/* On a host with version 1 hierarchies a runtime need not have joined the unified one. */
	if (!cgroup || BPF_CORE_READ(cgroup, level) == 0)
		cgroup = task__pids_cgroup(task);
	nodes[2] = BPF_CORE_READ(cgroup, kn);
	if (!nodes[2])
		return 0;
	nodes[1] = kernfs__parent(nodes[2]);
	if (nodes[1])
		nodes[0] = kernfs__parent(nodes[1]);
#pragma unroll
	for (i = 0; i < 3; i++) {
		__u16 length;

		/* The root has no parent, and no name of its own. */
		if (!nodes[i] || !kernfs__parent(nodes[i]))
			continue;
		if (total) {
			*frame__end(scratch) = '/';
			scratch->size++;
			total++;
		}
		length = frame__keep_string(
			scratch, bpf_probe_read_kernel_str(frame__end(scratch),
							   i == 2 ? CGROUP_LEAF : CGROUP_PARENT,
							   BPF_CORE_READ(nodes[i], name)));
		total += length;
	}
	if (!total) {
		*frame__end(scratch) = '/';
		scratch->size++;
		total = 1;
	}
	return total;
}

#endif

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every system call of chosen containers, or of the whole node.
 *
 * What a call is known by is read at its return, as in syscall.bpf.c: the result is there, and the caller's strings are in memory. The
 * hook at the beginning adds when it began and what it was given, so that a call which does not return (exit, or one that still
 * waits at the end) is told as well. A program that begins replaces the caller's memory: its path and arguments are taken where
 * the kernel has them.
 *
 * A process is of a container when its control group is the container's or below it, in the hierarchy in which the container was
 * found. A number of a control group is never given twice.
 */
#include "kernel.bpf.h"
#include "trace_record.h"

#define SIZE_MASK 0x3fff /* of a record: 8 KiB of texts, a name and the header */

const volatile bool unified =
	false; /* control groups of version 2, else those of the pids controller */
const volatile bool whole_node = false;
const volatile __u32 wake_bytes = 65536;
const volatile struct trace_shape shapes[2][TRACE_CALLS];

/* Written by the reader. */
bool recording;
__u32 target_count;
struct trace_target targets[TRACE_CONTAINERS];

/* The question to find_target, and its answer. */
__u32 seed_pid;
__u32 seed_above; /* the container's directory is so many above the one that the process is in */
struct trace_target found;

/* Ours, filled in by find_target. */
__u32 own_tgid, own_level;
__u64 own_pid_ns;

__u64 lost;
__u64 woken_at;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 2 << 20); /* the loader may say otherwise */
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRACE_PENDING);
	__type(key, __u32); /* thread */
	__type(value, struct trace_pending);
} pending SEC(".maps");

struct draft {
	__u64 size;
	union {
		struct trace_record record;
		char bytes[SIZE_MASK + 1 + TRACE_TEXT_MAX];
	};
};

/* The kernel never runs the same program twice at once on a CPU, but another may come in between. */
enum draft_owner {
	DRAFT_RETURN,
	DRAFT_EXEC,
	DRAFT_END,
	DRAFT_OWNERS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DRAFT_OWNERS);
	__type(key, __u32);
	__type(value, struct draft);
} drafts SEC(".maps");

/*
 * Pointers that we calculate with are read by a helper, and are mere numbers to the verifier: 6.1 lets nobody add what it does not
 * know to a pointer whose type it knows.
 */
static __always_inline struct cgroup *task__group(struct task_struct *task)
{
	return unified ? BPF_CORE_READ(task, cgroups, dfl_cgrp) : task__pids_cgroup(task);
}

/*
 * The control group itself, or the one above it at that level; 0 when it is not as deep. Not inline: out of a loop, clang takes the
 * offset of a field out in front of the question whether there is such a field.
 */
static __noinline __u64 group__id_at(struct cgroup *group, __u32 level)
{
	struct cgroup___v60 *old = (void *)group;
	struct cgroup *above = NULL;
	__u64 id = 0;

	if ((__u32)BPF_CORE_READ(group, level) < level)
		return 0;
	if (bpf_core_field_exists(old->ancestor_ids)) {
		bpf_probe_read_kernel(&id, sizeof(id),
				      (void *)group + bpf_core_field_offset(old->ancestor_ids) +
					      (__u64)level * sizeof(id));
		return id;
	}
	bpf_probe_read_kernel(&above, sizeof(above),
			      (void *)group + bpf_core_field_offset(group->ancestors) +
				      (__u64)level * sizeof(above));
	return BPF_CORE_READ(above, kn, id);
}

static __always_inline void pid__upid(struct pid *pid, __u32 level, struct upid *upid)
{
	if (level <= BPF_CORE_READ(pid, level))
		bpf_probe_read_kernel(upid, sizeof(*upid),
				      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
					      (__u64)level * bpf_core_type_size(struct upid));
}

/* Its number as we would see it; 0 when we would not. */
static __always_inline __u32 pid__number(struct pid *pid)
{
	struct upid upid = {};

	pid__upid(pid, own_level, &upid);
	return (__u64)upid.ns == own_pid_ns ? upid.nr : 0;
}

static __always_inline __u32 pid__number_inside(struct pid *pid)
{
	struct upid upid = {};

	pid__upid(pid, BPF_CORE_READ(pid, level), &upid);
	return upid.nr;
}

/* Which of the targets it is of; negative when of none, and for ourselves. */
static __always_inline int task__target(struct task_struct *task)
{
	struct cgroup *group;
	__u32 i;

	if (!recording || (__u32)task->tgid == own_tgid)
		return -1;
	if (whole_node)
		return pid__number(BPF_CORE_READ(task, thread_pid)) ? 0 : -1;
	group = task__group(task);
	for (i = 0; i < TRACE_CONTAINERS && i < target_count; i++) {
		if (targets[i].id && group__id_at(group, targets[i].level) == targets[i].id)
			return i;
	}
	return -1;
}

static __always_inline void call__fill(struct trace_call *call, struct task_struct *task,
				       struct pt_regs *regs, __u32 number)
{
	call->number = number;
	if (task->thread_info.status & TS_COMPAT) {
		call->flags |= TRACE_COMPAT;
		call->arguments[0] = (__u32)regs->bx;
		call->arguments[1] = (__u32)regs->cx;
		call->arguments[2] = (__u32)regs->dx;
		call->arguments[3] = (__u32)regs->si;
		call->arguments[4] = (__u32)regs->di;
		call->arguments[5] = (__u32)regs->bp;
		return;
	}
	call->arguments[0] = regs->di;
	call->arguments[1] = regs->si;
	call->arguments[2] = regs->dx;
	call->arguments[3] = regs->r10;
	call->arguments[4] = regs->r8;
	call->arguments[5] = regs->r9;
}

static __always_inline struct draft *draft__begin(enum draft_owner owner, struct task_struct *task,
						  const struct trace_call *call)
{
	__u32 key = owner;
	struct draft *draft = bpf_map_lookup_elem(&drafts, &key);
	struct trace_record *record;

	if (!draft)
		return NULL;
	record = &draft->record;
	__builtin_memset(record, 0, sizeof(*record));
	record->call = *call;
	record->at_ns = bpf_ktime_get_boot_ns();
	record->pid = pid__number(BPF_CORE_READ(task, group_leader, thread_pid));
	record->tid = pid__number(BPF_CORE_READ(task, thread_pid));
	record->pid_inside = pid__number_inside(BPF_CORE_READ(task, group_leader, thread_pid));
	bpf_probe_read_kernel(record->comm, sizeof(record->comm), task->comm);
	draft->size = sizeof(*record);
	return draft;
}

/* Where the next text goes: at least TRACE_TEXT_MAX bytes may be written there. */
static __always_inline char *draft__end(struct draft *draft)
{
	__u64 offset = draft->size;

	asm volatile(""
		     : "+r"(offset)); /* or clang drops the mask as known, and 6.1 does not know */
	return &draft->bytes[offset & SIZE_MASK];
}

/* Takes what was just written to the end; `length` may be an error. */
static __always_inline void draft__keep(struct draft *draft, __u32 text, long length)
{
	draft->record.lengths[text] = length < 0 ? TRACE_UNREADABLE : length;
	if (length > 0)
		draft->size += length;
}

/* A string without its zero. */
static __always_inline long without_zero(long length)
{
	return length > 0 ? length - 1 : length;
}

static __always_inline void draft__add_text(struct draft *draft, __u32 text, __u8 kind,
					    __u8 argument)
{
	const struct trace_call *call = &draft->record.call;
	void *where;
	__u64 size;
	long error;

	if (kind == TRACE_TEXT_NONE || argument > 4)
		return;
	where = (void *)call->arguments[argument];
	if (kind == TRACE_TEXT_STRING) {
		draft__keep(draft, text,
			    without_zero(bpf_probe_read_user_str(draft__end(draft), TRACE_TEXT_MAX,
								 where)));
		return;
	}
	size = (__u32)call->arguments[argument + 1];
	if (kind == TRACE_TEXT_ADDRESS_OUT) {
		__u32 given = 0;

		if (draft->record.result < 0 || !where)
			return;
		bpf_probe_read_user(&given, sizeof(given), (void *)call->arguments[argument + 1]);
		size = given;
	}
	if (!where || !size)
		return;
	if (size > TRACE_ADDRESS_MAX)
		size = TRACE_ADDRESS_MAX;
	asm volatile("" : "+r"(size));
	size &= 2 * TRACE_ADDRESS_MAX - 1;
	error = bpf_probe_read_user(draft__end(draft), size, where);
	draft__keep(draft, text, error ? error : (long)size);
}

/* A wake-up costs more than a record. */
static __always_inline __u64 wake__flags(void)
{
	__u64 position = bpf_ringbuf_query(&calls, BPF_RB_PROD_POS);

	if (position - woken_at < wake_bytes)
		return BPF_RB_NO_WAKEUP;
	woken_at = position; /* two CPUs may both wake: harmless */
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void draft__send(struct draft *draft, struct task_struct *task)
{
	__u64 size;

	if (whole_node)
		draft__keep(draft, 2,
			    without_zero(bpf_probe_read_kernel_str(
				    draft__end(draft), TRACE_GROUP_MAX,
				    BPF_CORE_READ(task__group(task), kn, name))));
	size = draft->size;
	asm volatile("" : "+r"(size));
	if (bpf_ringbuf_output(&calls, draft->bytes, size & SIZE_MASK, wake__flags()))
		__sync_fetch_and_add(&lost, 1);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(call_begins, struct pt_regs *regs, long number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	int target = task__target(task);
	struct trace_pending begun = {};
	__u32 thread;

	if (target < 0)
		return 0;
	thread = task->pid;
	begun.call.begun_ns = bpf_ktime_get_boot_ns();
	begun.call.container = target;
	call__fill(&begun.call, task, regs, number);
	begun.pid = pid__number(BPF_CORE_READ(task, group_leader, thread_pid));
	begun.tid = pid__number(BPF_CORE_READ(task, thread_pid));
	begun.pid_inside = pid__number_inside(BPF_CORE_READ(task, group_leader, thread_pid));
	bpf_probe_read_kernel(begun.comm, sizeof(begun.comm), task->comm);
	/* When there is no room, its beginning will be missing at its return. */
	bpf_map_update_elem(&pending, &thread, &begun, BPF_ANY);
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(call_returns, struct pt_regs *regs, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	int target = task__target(task);
	struct trace_pending *begun;
	struct trace_call call = {};
	struct draft *draft;
	__u32 thread, number;

	if (target < 0)
		return 0;
	thread = task->pid;
	begun = bpf_map_lookup_elem(&pending, &thread);
	if (begun && begun->told) {
		bpf_map_delete_elem(&pending, &thread);
		return 0;
	}
	if (begun)
		call = begun->call; /* its registers may be others by now: a signal's return */
	else
		call__fill(&call, task, regs, regs->orig_ax);
	call.container = target;
	draft = draft__begin(DRAFT_RETURN, task, &call);
	if (!draft)
		return 0;
	draft->record.result = call.flags & TRACE_COMPAT ? (__s32)result : result;
	number = call.number;
	if (number < TRACE_CALLS) {
		const volatile struct trace_shape *shape =
			&shapes[!!(call.flags & TRACE_COMPAT)][number];

		draft__add_text(draft, 0, shape->kind[0], shape->argument[0]);
		draft__add_text(draft, 1, shape->kind[1], shape->argument[1]);
	}
	draft__send(draft, task);
	if (begun)
		bpf_map_delete_elem(&pending, &thread);
	return 0;
}

/* execve has succeeded: the strings that it was given are gone, and if another thread than the first called it, so is its number. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(program_begins, struct task_struct *task, int thread_before,
	     struct linux_binprm *program)
{
	int target = task__target(task);
	struct trace_pending *begun, told = {.told = 1};
	struct trace_call call;
	struct draft *draft;
	__u32 thread = thread_before;
	__u64 start, size;

	if (target < 0)
		return 0;
	begun = bpf_map_lookup_elem(&pending, &thread);
	if (!begun)
		return 0;
	call = begun->call;
	call.flags |= TRACE_EXEC;
	call.container = target;
	bpf_map_delete_elem(&pending, &thread);
	thread = task->pid;
	bpf_map_update_elem(&pending, &thread, &told, BPF_ANY);
	draft = draft__begin(DRAFT_EXEC, task, &call);
	if (!draft)
		return 0;
	draft__keep(draft, 0,
		    without_zero(bpf_probe_read_kernel_str(draft__end(draft), TRACE_TEXT_MAX,
							   program->filename)));
	start = BPF_CORE_READ(task, mm, arg_start);
	size = BPF_CORE_READ(task, mm, arg_end) - start;
	if (size > TRACE_TEXT_MAX - 1)
		size = TRACE_TEXT_MAX - 1;
	asm volatile("" : "+r"(size));
	size &= TRACE_TEXT_MAX - 1;
	if (size) {
		long error = bpf_probe_read_user(draft__end(draft), size, (void *)start);

		draft__keep(draft, 1, error ? error : (long)size);
	}
	draft__send(draft, task);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(thread_ends, struct task_struct *task)
{
	struct trace_pending *begun;
	struct trace_call call;
	struct draft *draft;
	__u32 thread = task->pid;

	if (!recording)
		return 0;
	begun = bpf_map_lookup_elem(&pending, &thread);
	if (!begun)
		return 0;
	call = begun->call;
	call.flags |= TRACE_ENDED;
	if (!begun->told) {
		draft = draft__begin(DRAFT_END, task, &call);
		if (draft)
			draft__send(draft, task);
	}
	bpf_map_delete_elem(&pending, &thread);
	return 0;
}

/* Run once per question, by us: answers with the control group of one process, or the one that is so many above it. */
SEC("iter/task")
int find_target(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task, *own = bpf_get_current_task_btf();
	struct upid upid = {};
	struct cgroup *group;
	__u32 level;

	if (!task)
		return 0;
	own_tgid = own->tgid;
	own_level = BPF_CORE_READ(own, thread_pid, level);
	pid__upid(BPF_CORE_READ(own, thread_pid), own_level, &upid);
	own_pid_ns = (__u64)upid.ns;
	if (task->pid != task->tgid || pid__number(BPF_CORE_READ(task, thread_pid)) != seed_pid)
		return 0;
	group = task__group(task);
	level = BPF_CORE_READ(group, level);
	/* Never the root, in which everybody is. */
	if (level <= seed_above)
		return 0;
	found.level = level - seed_above;
	found.id = group__id_at(group, found.level);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

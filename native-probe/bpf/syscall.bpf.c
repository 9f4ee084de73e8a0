// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that were opened, connections that were made, execs that failed.
 *
 * One hook on the return of every system call rather than a pair per call: at the return the result
 * is known, the arguments still stand in the registers, the caller's strings are in memory (at the
 * entry a page that was never touched cannot be read), and the opened file can be reached through
 * its new descriptor. Nothing has to be carried from an entry to an exit.
 *
 * The price is that this program runs for every system call on the machine. It therefore begins with
 * one bit test, in a program small enough to need no stack.
 *
 * Not seen: what io_uring opens or connects (it makes no such call), and x32 calls.
 */
#include "process.bpf.c"

enum syscall_64 { /* arch/x86/entry/syscalls/syscall_64.tbl */
		  SYS64_OPEN = 2,
		  SYS64_CONNECT = 42,
		  SYS64_EXECVE = 59,
		  SYS64_CREAT = 85,
		  SYS64_OPENAT = 257,
		  SYS64_EXECVEAT = 322,
		  SYS64_OPENAT2 = 437,
};

enum syscall_32 { /* arch/x86/entry/syscalls/syscall_32.tbl */
		  SYS32_OPEN = 5,
		  SYS32_CREAT = 8,
		  SYS32_EXECVE = 11,
		  SYS32_SOCKETCALL = 102,
		  SYS32_OPENAT = 295,
		  SYS32_EXECVEAT = 358,
		  SYS32_CONNECT = 362,
		  SYS32_OPENAT2 = 437,
};

#define SOCKETCALL_CONNECT 3 /* SYS_CONNECT in include/uapi/linux/net.h */

#define O_WRONLY 01
#define O_CREAT  0100
#define O_TRUNC  01000

struct call {
	enum probe_kind kind;
	__u32 number; /* as a 64-bit number, so that the engine has one table */
	__u64 arguments[4];
	int result;
};

/*
 * Sorts a system call. A 32-bit call (a 32-bit program, or `int 0x80` in any program) has other
 * numbers and registers: read as 64-bit, its open would look like an fstat. Which it is, stands in the
 * task's thread_info, not in the code segment: a 64-bit program may make both kinds.
 */
static __always_inline bool call__decode(struct call *call, struct pt_regs *regs, __u32 number,
					 bool compat)
{
	call->number = number;
	if (!compat) {
		call->arguments[0] = regs->di;
		call->arguments[1] = regs->si;
		call->arguments[2] = regs->dx;
		call->arguments[3] = regs->r10;
		switch (number) {
		case SYS64_OPEN:
		case SYS64_CREAT:
		case SYS64_OPENAT:
		case SYS64_OPENAT2:
			call->kind = PROBE_KIND_OPEN;
			return true;
		case SYS64_CONNECT:
			call->kind = PROBE_KIND_CONNECT;
			return true;
		case SYS64_EXECVE:
		case SYS64_EXECVEAT:
			call->kind = PROBE_KIND_EXEC;
			return true;
		}
		return false;
	}
	call->arguments[0] = (__u32)regs->bx;
	call->arguments[1] = (__u32)regs->cx;
	call->arguments[2] = (__u32)regs->dx;
	call->arguments[3] = (__u32)regs->si;
	switch (number) {
	case SYS32_OPEN:
		call->kind = PROBE_KIND_OPEN;
		call->number = SYS64_OPEN;
		return true;
	case SYS32_CREAT:
		call->kind = PROBE_KIND_OPEN;
		call->number = SYS64_CREAT;
		return true;
	case SYS32_OPENAT:
		call->kind = PROBE_KIND_OPEN;
		call->number = SYS64_OPENAT;
		return true;
	case SYS32_OPENAT2:
		call->kind = PROBE_KIND_OPEN;
		return true;
	case SYS32_CONNECT:
		call->kind = PROBE_KIND_CONNECT;
		call->number = SYS64_CONNECT;
		return true;
	case SYS32_SOCKETCALL: {
		__u32 packed[3] = {};

		if (call->arguments[0] != SOCKETCALL_CONNECT)
			return false;
		bpf_probe_read_user(packed, sizeof(packed), (void *)call->arguments[1]);
		call->kind = PROBE_KIND_CONNECT;
		call->number = SYS64_CONNECT;
		call->arguments[0] = packed[0];
		call->arguments[1] = packed[1];
		call->arguments[2] = packed[2];
		return true;
	}
	case SYS32_EXECVE:
		call->kind = PROBE_KIND_EXEC;
		call->number = SYS64_EXECVE;
		return true;
	case SYS32_EXECVEAT:
		call->kind = PROBE_KIND_EXEC;
		call->number = SYS64_EXECVEAT;
		return true;
	}
	return false;
}

/* Whether this open passes the filter; `file` is NULL when the call failed. */
static __always_inline bool open__is_wanted(const struct call *call,
					    const struct filter_slot *filter, __u32 slot,
					    struct scratch *scratch, struct file *file)
{
	__u64 mount, dentry;

	if (call->result < 0)
		return filter->flags & PROBE_FILTER_FAILED_OPEN;
	if (filter->flags & PROBE_FILTER_EVERY_OPEN)
		return true;
	/* Another thread has closed or replaced it since: the name cannot be judged, so it is reported. */
	if (!file)
		return true;
	mount = (__u64)(direct_walk ? file->f_path.mnt : BPF_CORE_READ(file, f_path.mnt));
	dentry = (__u64)(direct_walk ? file->f_path.dentry : BPF_CORE_READ(file, f_path.dentry));
	mount = scratch__launder(scratch, mount);
	return filter__wants_path(scratch, slot, mount, scratch__launder(scratch, dentry));
}

static __always_inline void open__report(const struct call *call, struct task_struct *task,
					 const struct filter_slot *filter, struct scratch *scratch,
					 struct file *file)
{
	struct probe_open *open = (struct probe_open *)scratch->frame;
	__u64 name = call->arguments[1];
	struct {
		__u64 flags;
	} how = {};
	bool upper = false;

	__builtin_memset(open, 0, sizeof(*open));
	frame__begin(&open->frame, PROBE_KIND_OPEN);
	subject__fill(&open->subject, task);
	open->ret = call->result;
	open->syscall = call->number;
	open->dirfd = AT_FDCWD;
	scratch->size = sizeof(*open);
	scratch->cut = false;
	switch (call->number) {
	case SYS64_OPEN:
		name = call->arguments[0];
		open->open_flags = call->arguments[1];
		break;
	case SYS64_CREAT:
		name = call->arguments[0];
		open->open_flags = O_CREAT | O_WRONLY | O_TRUNC;
		break;
	case SYS64_OPENAT2:
		open->dirfd = call->arguments[0];
		bpf_probe_read_user(&how, sizeof(how), (void *)call->arguments[2]);
		open->open_flags = how.flags;
		break;
	default:
		open->dirfd = call->arguments[0];
		open->open_flags = call->arguments[2];
	}
	if (file) {
		struct inode *inode = BPF_CORE_READ(file, f_inode);

		open->inode = BPF_CORE_READ(inode, i_ino);
		open->dev = BPF_CORE_READ(inode, i_sb, s_dev);
		open->mode = BPF_CORE_READ(inode, i_mode);
		if (inode__on_overlay(inode, &upper))
			open->flags |= PROBE_OPEN_OVERLAY;
		if (upper)
			open->flags |= PROBE_OPEN_UPPER_LAYER;
		open->path_len = path__append_file(scratch, file);
		if (scratch->cut)
			open->flags |= PROBE_OPEN_PATH_CUT;
	}
	open->name_len = frame__keep_string(
		scratch,
		bpf_probe_read_user_str(frame__end(scratch), PROBE_PATH_MAX + 1, (void *)name));
	open->cgroup_len = cgroup__append(scratch, task);
	frame__send(scratch, filter, PROBE_KIND_OPEN);
}

static __always_inline void exec__report_failure(const struct call *call, struct task_struct *task,
						 const struct filter_slot *filter,
						 struct scratch *scratch)
{
	struct probe_exec *exec = (struct probe_exec *)scratch->frame;
	__u64 filename = call->arguments[call->number == SYS64_EXECVEAT ? 1 : 0];

	__builtin_memset(exec, 0, sizeof(*exec));
	frame__begin(&exec->frame, PROBE_KIND_EXEC);
	subject__fill(&exec->subject, task);
	exec->ret = call->result;
	scratch->size = sizeof(*exec);
	scratch->cut = false;
	exec->filename_len = frame__keep_string(
		scratch,
		bpf_probe_read_user_str(frame__end(scratch), PROBE_PATH_MAX + 1, (void *)filename));
	exec->cwd_len = path__append_cwd(scratch, task);
	if (scratch->cut)
		exec->flags |= PROBE_EXEC_PATH_CUT;
	exec->cgroup_len = cgroup__append(scratch, task);
	frame__send(scratch, filter, PROBE_KIND_EXEC);
}

#include "network.bpf.c"

/*
 * A call that a signal interrupted carries a number of the kernel's own (ERESTARTSYS and its kin, 512
 * to 516) until the signal is delivered, which is after this hook. It comes again when restarted.
 */
static __always_inline int call__result(int result)
{
	return result <= -512 && result >= -516 ? -EINTR : result;
}

static __noinline int syscall__dispatch(struct pt_regs *regs, int result, __u32 number)
{
	struct task_struct *task = as_task(bpf_get_current_task_btf());
	bool compat = task->thread_info.status & TS_COMPAT;
	__u32 slot = active_filter & 1;
	const struct filter_slot *filter = &filters[slot];
	struct call call = {.result = call__result(result)};
	struct file *file = NULL;
	struct scratch *scratch;

	if (!call__decode(&call, regs, number, compat) || !filter__wants(filter, call.kind) ||
	    task->tgid == own_tgid)
		return 0;
	scratch = scratch__get(SCRATCH_SYSCALL);
	if (!scratch)
		return 0;
	switch (call.kind) {
	case PROBE_KIND_OPEN:
		if (result >= 0)
			file = task__file(task, result);
		if (open__is_wanted(&call, filter, slot, scratch, file))
			open__report(&call, task, filter, scratch, file);
		break;
	case PROBE_KIND_CONNECT:
		connect__report(&call, task, filter, scratch);
		break;
	case PROBE_KIND_EXEC:
		/* Success was reported by process_exec, and the registers are the new program's. */
		if (result < 0 && filter->flags & PROBE_FILTER_FAILED_EXEC)
			exec__report_failure(&call, task, filter, scratch);
		break;
	default:
		break;
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_return, struct pt_regs *regs, long result)
{
	__u64 number = regs->orig_ax;

	if (number >= FILTER_SYSCALL_WORDS * 64 || !((interest[number >> 6] >> (number & 63)) & 1))
		return 0;
	return syscall__dispatch(regs, result, number);
}

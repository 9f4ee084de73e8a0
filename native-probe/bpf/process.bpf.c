// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that start, processes that begin and end.
 *
 * Hooks the scheduler's tracepoints and not the system calls: sched_process_exec fires once, after
 * the kernel has committed to the new program and before its first instruction; the task already
 * carries its new name and credentials. Only reports; nothing here can refuse or delay an exec.
 * Execs that failed come from the system call's return, in syscall.bpf.c.
 */
#include "path.bpf.h"

static __always_inline __u64 inode__ctime_ns(struct inode *inode)
{
	struct inode___v67 *v67 = (void *)inode;
	struct inode___old *old = (void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec))
		return BPF_CORE_READ(inode, i_ctime_sec) * 1000000000ull +
		       (BPF_CORE_READ(inode, i_ctime_nsec) & ~I_CTIME_QUERIED);
	if (bpf_core_field_exists(v67->__i_ctime))
		return BPF_CORE_READ(v67, __i_ctime.tv_sec) * 1000000000ull +
		       BPF_CORE_READ(v67, __i_ctime.tv_nsec);
	return BPF_CORE_READ(old, i_ctime.tv_sec) * 1000000000ull +
	       BPF_CORE_READ(old, i_ctime.tv_nsec);
}

static __always_inline __u64 inode__mtime_ns(struct inode *inode)
{
	struct inode___v67 *v67 = (void *)inode;
	struct inode___old *old = (void *)inode;

	if (bpf_core_field_exists(inode->i_mtime_sec))
		return BPF_CORE_READ(inode, i_mtime_sec) * 1000000000ull +
		       BPF_CORE_READ(inode, i_mtime_nsec);
	if (bpf_core_field_exists(v67->__i_mtime))
		return BPF_CORE_READ(v67, __i_mtime.tv_sec) * 1000000000ull +
		       BPF_CORE_READ(v67, __i_mtime.tv_nsec);
	return BPF_CORE_READ(old, i_mtime.tv_sec) * 1000000000ull +
	       BPF_CORE_READ(old, i_mtime.tv_nsec);
}

/* By the mode bits alone: neither supplementary groups nor capabilities nor ACLs are looked at. */
static __always_inline bool inode__writable_by(struct inode *inode, const struct cred *cred)
{
	__u16 mode = BPF_CORE_READ(inode, i_mode);

	if (BPF_CORE_READ(inode, i_uid.val) == cred->euid.val)
		return mode & 0200;
	if (BPF_CORE_READ(inode, i_gid.val) == cred->egid.val)
		return mode & 0020;
	return mode & 0002;
}

/*
 * memfd_create names its file "memfd:" and what the caller gave, unlinked on the kernel's own tmpfs.
 * A file of that name on a tmpfs that somebody mounted has a link count until it is deleted.
 */
static __always_inline bool file__is_memfd(struct file *file)
{
	char name[8] = {};

	if (BPF_CORE_READ(file, f_inode, i_sb, s_magic) != TMPFS_MAGIC)
		return false;
	bpf_probe_read_kernel(name, 6, BPF_CORE_READ(file, f_path.dentry, d_name.name));
	return *(__u64 *)name == 0x3a64666d656dull; /* "memfd:", little-endian */
}

static __always_inline void exec__fill_file(struct probe_exec *exec, struct file *file,
					    struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	bool upper = false;

	exec->inode = BPF_CORE_READ(inode, i_ino);
	exec->inode_ctime_ns = inode__ctime_ns(inode);
	exec->inode_mtime_ns = inode__mtime_ns(inode);
	exec->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	if (inode__on_overlay(inode, &upper))
		exec->flags |= PROBE_EXEC_OVERLAY;
	if (upper)
		exec->flags |= PROBE_EXEC_UPPER_LAYER;
	if (BPF_CORE_READ(inode, i_nlink) == 0) {
		exec->flags |= PROBE_EXEC_DELETED;
		if (file__is_memfd(file))
			exec->flags |= PROBE_EXEC_MEMFD;
	}
	if (inode__writable_by(inode, task->cred))
		exec->flags |= PROBE_EXEC_WRITABLE;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *trusted, int old_pid, struct linux_binprm *bprm)
{
	struct task_struct *task = as_task(trusted);
	const struct filter_slot *filter = filter__now();
	struct file *file = as_file(bprm->file);
	struct scratch *scratch;
	struct probe_exec *exec;
	__u64 start, argv;

	if (!filter__wants(filter, PROBE_KIND_EXEC) || task->tgid == own_tgid)
		return 0;
	scratch = scratch__get(SCRATCH_EXEC);
	if (!scratch)
		return 0;
	exec = (struct probe_exec *)scratch->frame;
	__builtin_memset(exec, 0, sizeof(*exec));
	frame__begin(&exec->frame, PROBE_KIND_EXEC);
	subject__fill(&exec->subject, task);
	exec__fill_file(exec, file, task);

	scratch->size = sizeof(*exec);
	scratch->cut = false;
	exec->path_len = path__append_file(scratch, file);
	exec->filename_len = frame__keep_string(
		scratch,
		bpf_probe_read_kernel_str(frame__end(scratch), PROBE_PATH_MAX + 1, bprm->filename));
	exec->cwd_len = path__append_cwd(scratch, task);
	if (scratch->cut)
		exec->flags |= PROBE_EXEC_PATH_CUT;

	/* The kernel has just written the new stack: these pages are there, no fault can lose them. */
	start = task->mm->arg_start;
	argv = task->mm->arg_end - start;
	if (argv > PROBE_ARGV_MAX) {
		argv = PROBE_ARGV_MAX;
		exec->flags |= PROBE_EXEC_ARGV_CUT;
	}
	asm volatile("" : "+r"(argv));
	if (argv <= PROBE_ARGV_MAX &&
	    !bpf_probe_read_user(frame__end(scratch), argv, (void *)start)) {
		exec->argv_len = argv;
		scratch->size += argv;
	}
	exec->cgroup_len = cgroup__append(scratch, task);
	frame__send(scratch, filter, PROBE_KIND_EXEC);
	return 0;
}

/* Tells of processes, not threads: a thread shares its leader's fate and its leader's identity. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *trusted_parent, struct task_struct *trusted_child)
{
	struct task_struct *parent = as_task(trusted_parent);
	struct task_struct *child = as_task(trusted_child);
	const struct filter_slot *filter = filter__now();
	struct pid_namespace *pid_ns = NULL;
	struct probe_fork fork = {};
	__u64 flags;

	if (!filter__wants(filter, PROBE_KIND_FORK) || child->pid != child->tgid ||
	    parent->tgid == own_tgid)
		return 0;
	frame__begin(&fork.frame, PROBE_KIND_FORK);
	fork.frame.size = sizeof(fork);
	subject__fill(&fork.subject, parent);
	fork.child_start_boottime_ns = child->start_boottime;
	fork.child_tgid = child->tgid;
	fork.child_vtgid = pid__innermost(child->thread_pid, &pid_ns);
	flags = wake__flags(filter, PROBE_KIND_FORK);
	frame__count(PROBE_KIND_FORK, bpf_ringbuf_output(&events, &fork, sizeof(fork), flags));
	return 0;
}

static __always_inline void process__report_exit(struct task_struct *trusted)
{
	struct task_struct *task = as_task(trusted);
	const struct filter_slot *filter = filter__now();
	struct signal_struct *signal = task->signal;
	struct pid_namespace *pid_ns = NULL;
	struct probe_exit exit = {};
	__u64 flags;

	if (!filter__wants(filter, PROBE_KIND_EXIT) || task->tgid == own_tgid)
		return;
	frame__begin(&exit.frame, PROBE_KIND_EXIT);
	exit.frame.size = sizeof(exit);
	subject__fill(&exit.subject, task);
	/* exit_group and deadly signals store the code for the group; a lone thread only its own. */
	exit.exit_code =
		signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : task->exit_code;
	/* With a subreaper among the ancestors the kernel searches; we say that we do not know. */
	if (!BPF_CORE_READ_BITFIELD_PROBED(signal, has_child_subreaper)) {
		pid__innermost(task->thread_pid, &pid_ns);
		exit.reaper_tgid = BPF_CORE_READ(pid_ns, child_reaper, tgid);
	}
	flags = wake__flags(filter, PROBE_KIND_EXIT);
	frame__count(PROBE_KIND_EXIT, bpf_ringbuf_output(&events, &exit, sizeof(exit), flags));
}

/*
 * Two programs for one hook, the loader keeps one. Since 6.15 the tracepoint says whether this was
 * the last thread. Before, the count of live threads does; two threads that end at the same moment
 * may then both find it zero, and the engine hears of one exit twice rather than never.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task, bool group_dead)
{
	if (group_dead)
		process__report_exit(task);
	return 0;
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(process_exit_counting, struct task_struct *task)
{
	if (task->signal->live.counter == 0)
		process__report_exit(task);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only
/* The least that a killer in user space needs: who started, and when. */
#include "kernel.bpf.h"
#include "reader_kill.h"

const volatile bool wake_always = true;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20); /* 25,000 execs */
} events SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_happened, struct task_struct *task)
{
	struct exec_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->boottime_ns = bpf_ktime_get_boot_ns();
	event->tgid = task->tgid;
	event->reserved = 0;
	bpf_probe_read_kernel(event->comm, sizeof(event->comm), task->comm);
	bpf_ringbuf_submit(event, wake_always ? BPF_RB_FORCE_WAKEUP : 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

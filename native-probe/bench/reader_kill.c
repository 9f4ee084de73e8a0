// SPDX-License-Identifier: Apache-2.0
/*
 * The yardstick for the engine: the shortest way from an exec to a signal through user space. Kills
 * whatever starts under the target's name; at SIGTERM it prints how long that took.
 *
 * usage: reader_kill [--name COMM] [--default-wakeup] [--fifo]
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#include "percentile.h"
#include "reader_kill.h"
#include "reader_kill.skel.h"

static const char *name = "target";
static struct samples reactions;
static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static int on_exec(void *context, void *data, size_t size)
{
	const struct exec_event *event = data;
	int process;

	(void)context;
	(void)size;
	if (strncmp(event->comm, name, sizeof(event->comm)))
		return 0;
	process = syscall(SYS_pidfd_open, event->tgid, 0);
	if (process < 0)
		return 0;
	if (!syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0))
		samples__add(&reactions, boottime_ns() - event->boottime_ns);
	close(process);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"name", required_argument, NULL, 'n'},
						{"default-wakeup", no_argument, NULL, 'd'},
						{"fifo", no_argument, NULL, 'f'},
						{}};
	struct sched_param parameters = {.sched_priority = 1};
	struct sigaction action = {.sa_handler = on_signal};
	bool wake_always = true, fifo = false;
	struct reader_kill_bpf *bpf;
	struct ring_buffer *ring;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n')
			name = optarg;
		else if (option == 'd')
			wake_always = false;
		else if (option == 'f')
			fifo = true;
		else
			return 2;
	}
	bpf = reader_kill_bpf__open();
	if (!bpf)
		err(1, "open");
	bpf->rodata->wake_always = wake_always;
	if (reader_kill_bpf__load(bpf) || reader_kill_bpf__attach(bpf))
		err(1, "load");
	ring = ring_buffer__new(bpf_map__fd(bpf->maps.events), on_exec, NULL, NULL);
	if (!ring)
		err(1, "ring");
	if (fifo && sched_setscheduler(0, SCHED_FIFO, &parameters))
		err(1, "SCHED_FIFO");
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	fprintf(stderr, "armed\n");
	while (!stop)
		ring_buffer__poll(ring, 100);
	printf("{\"wakeup\":\"%s\",\"fifo\":%s,", wake_always ? "forced" : "default",
	       fifo ? "true" : "false");
	samples__print(&reactions, "execToSignalUs");
	printf("}\n");
	ring_buffer__free(ring);
	reader_kill_bpf__destroy(bpf);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "capture.h"
#include "isolate.h"
#include "json.h"
#include "loader.h"
#include "processes.h"
#include "stream.h"
#include "tail.h"
#include "trace.h"

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static const char usage[] =
	"pounce-probe reports what processes do on this host: programs that start (or fail to),\n"
	"processes that begin and end, files that are opened, connections that are made.\n"
	"\n"
	"  pounce-probe check                     can this kernel be watched, and if not, why\n"
	"  pounce-probe tail [options]            print events as lines of JSON until interrupted\n"
	"  pounce-probe run --socket PATH         stream events to the engine that listens there\n"
	"\n"
	"What it can do to a container, each a command that answers with lines of JSON:\n"
	"  pounce-probe isolate --cgroup DIRECTORY --container ID --key KEY\n"
	"       [--allow CIDR]... [--dns] [--beside] [--dry-run | --ask]\n"
	"                                         cut it off from the network; it stays so\n"
	"  pounce-probe release --key KEY         undo that\n"
	"  pounce-probe isolated [--container ID] what is cut off now\n"
	"And what it can tell of one, on standard output:\n"
	"  pounce-probe capture --cgroup DIRECTORY [--seconds N] [--snaplen N] [--bytes N]\n"
	"                                         its packets, as pcap\n"
	"  pounce-probe processes --cgroup DIRECTORY\n"
	"                                         what runs in it, as JSON\n"
	"  pounce-probe trace {--cgroup DIRECTORY... | --node} [--seconds N] [--buffer KIB]\n"
	"       [--bytes N]                       its system calls, as lines of JSON\n"
	"\n"
	"tail:\n"
	"  --kinds exec,fork,exit,open,connect    only these (all)\n"
	"  --name NAME                            opens of files whose path has a component NAME;\n"
	"                                         may be given often. Without any: no opens\n"
	"  --all-opens                            every open\n"
	"  --failed-opens                         opens that failed, whatever their name\n"
	"  --unix                                 connections to Unix sockets, too\n"
	"run:\n"
	"  --engine-uid UID                       the engine's user (our own)\n"
	"both:\n"
	"  --ring-bytes N                         buffer between kernel and probe, a power of two\n"
	"                                         (8388608); what it cannot hold is counted as "
	"lost\n"
	"\n"
	"Needs CAP_BPF and CAP_PERFMON, a kernel of 5.12 or newer with BTF; CAP_SYS_NICE keeps it\n"
	"punctual on a busy host. Try:\n"
	"  pounce-probe tail --kinds exec         then run any command in another terminal\n"
	"  pounce-probe tail --kinds open --name shadow\n"
	"POUNCE_PROBE_VERBOSE=1 prints what libbpf and the kernel's verifier say.\n";

/* A filter frame under construction, from the options of `tail`. */
static struct {
	struct probe_filter filter;
	char names[PROBE_FRAME_MAX - sizeof(struct probe_filter)];
} own = {
	.filter =
		{
			.frame = {.size = sizeof(struct probe_filter),
				  .version = PROBE_WIRE_VERSION,
				  .kind = PROBE_KIND_FILTER},
			.generation = 1,
			.kinds = (1u << PROBE_EVENT_KINDS) - 2, /* all but NONE */
			.flags = PROBE_FILTER_FAILED_EXEC,
			.wake = 1u << PROBE_KIND_EXEC,
		},
};

static int add_name(const char *name)
{
	size_t length = strlen(name);
	size_t used = own.filter.frame.size - sizeof(own.filter);

	if (length == 0 || length > 255 || strchr(name, '/') ||
	    used + 1 + length > sizeof(own.names)) {
		fprintf(stderr,
			"pounce-probe: --name takes one component of a path (1 to 255 bytes, no "
			"slash), not "
			"'%s'\n",
			name);
		return -1;
	}
	own.names[used] = length;
	memcpy(own.names + used + 1, name, length);
	own.filter.frame.size += 1 + length;
	own.filter.names++;
	return 0;
}

static int parse_kinds(char *list)
{
	char *name, *rest = NULL;
	unsigned kind;

	own.filter.kinds = 0;
	for (name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		for (kind = 1; kind < PROBE_EVENT_KINDS; kind++)
			if (!strcmp(name, kind__name(kind)))
				break;
		if (kind == PROBE_EVENT_KINDS) {
			fprintf(stderr,
				"pounce-probe: there is no kind '%s'; there are exec, fork, exit, "
				"open, connect\n",
				name);
			return -1;
		}
		own.filter.kinds |= 1u << kind;
	}
	return 0;
}

static int parse_ring_bytes(const char *text, uint32_t *ret_bytes)
{
	char *end;
	unsigned long bytes = strtoul(text, &end, 10);

	/* The kernel wants a power of two of at least a page; 1 GiB is where its size arithmetic ends. */
	if (*end || bytes < 4096 || bytes > 1u << 30 || bytes & (bytes - 1)) {
		fprintf(stderr,
			"pounce-probe: --ring-bytes takes a power of two between 4096 and "
			"1073741824, not "
			"'%s'\n",
			text);
		return -1;
	}
	*ret_bytes = bytes;
	return 0;
}

static int check(void)
{
	struct refusal refusal;
	struct utsname names;
	struct probe *probe;

	uname(&names);
	printf("kernel  %s\n", names.release);
	probe = probe__arm(RING_BYTES_DEFAULT, &own.filter, &refusal);
	if (!probe) {
		printf("tier    none\nreason  %s\n", refusal.reason);
		return 1;
	}
	printf("tier    observe\nhooks   %s\ncpus    %d\n", probe__hooks(probe),
	       probe__cpus(probe));
	probe__disarm(probe);
	return 0;
}

enum option_code {
	OPTION_SOCKET = 1,
	OPTION_RING,
	OPTION_UID,
	OPTION_KINDS,
	OPTION_NAME,
	OPTION_ALL_OPENS,
	OPTION_FAILED_OPENS,
	OPTION_UNIX,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"ring-bytes", required_argument, NULL, OPTION_RING},
	{"engine-uid", required_argument, NULL, OPTION_UID},
	{"kinds", required_argument, NULL, OPTION_KINDS},
	{"name", required_argument, NULL, OPTION_NAME},
	{"all-opens", no_argument, NULL, OPTION_ALL_OPENS},
	{"failed-opens", no_argument, NULL, OPTION_FAILED_OPENS},
	{"unix", no_argument, NULL, OPTION_UNIX},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{},
};

/* Done at once and then over; each has options of its own. */
static const struct {
	const char *verb;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"isolate", isolate__run}, {"release", release__run},     {"isolated", isolated__run},
	{"capture", capture__run}, {"processes", processes__run}, {"trace", trace__run},
};

int main(int argc, char **argv)
{
	size_t i;
	struct stream_options stream = {
		.ring_bytes = RING_BYTES_DEFAULT, .engine_uid = geteuid(), .stop = &stop};
	struct tail_options tail = {.filter = &own.filter, .stop = &stop};
	struct sigaction action = {.sa_handler =
					   on_signal}; /* no SA_RESTART: a blocked write ends */
	const char *verb;
	char *end;
	int option;

	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].verb))
			return commands[i].run(argc - 1, argv + 1);
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (option) {
		case OPTION_SOCKET:
			stream.socket_path = optarg;
			break;
		case OPTION_RING:
			if (parse_ring_bytes(optarg, &stream.ring_bytes))
				return 2;
			break;
		case OPTION_UID:
			stream.engine_uid = strtoul(optarg, &end, 10);
			if (end == optarg || *end) {
				fprintf(stderr,
					"pounce-probe: --engine-uid takes a number, not '%s'\n",
					optarg);
				return 2;
			}
			break;
		case OPTION_KINDS:
			if (parse_kinds(optarg))
				return 2;
			break;
		case OPTION_NAME:
			if (add_name(optarg))
				return 2;
			break;
		case OPTION_ALL_OPENS:
			own.filter.flags |= PROBE_FILTER_EVERY_OPEN;
			break;
		case OPTION_FAILED_OPENS:
			own.filter.flags |= PROBE_FILTER_FAILED_OPEN;
			break;
		case OPTION_UNIX:
			own.filter.flags |= PROBE_FILTER_UNIX_CONNECT;
			break;
		case OPTION_VERSION:
			printf("pounce-probe %s, wire version %d\n", PROBE_BUILD,
			       PROBE_WIRE_VERSION);
			return 0;
		case OPTION_HELP:
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs("pounce-probe --help tells what there is\n", stderr);
			return 2;
		}
	}
	verb = optind < argc ? argv[optind] : "";
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	tail.ring_bytes = stream.ring_bytes;

	if (!strcmp(verb, "check"))
		return check();
	if (!strcmp(verb, "tail"))
		return tail__run(&tail);
	if (!strcmp(verb, "run") && stream.socket_path)
		return stream__run(&stream);
	fputs(!strcmp(verb, "run") ? "pounce-probe: run needs --socket PATH\n" : usage, stderr);
	return 2;
}

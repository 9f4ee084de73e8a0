// SPDX-License-Identifier: Apache-2.0
/*
 * Loads every program in every variant that the loader may choose, and prints how many instructions
 * the verifier looked at (it gives up at a million) and how many the program has: growth is to be seen
 * before it hurts. A variant that this kernel is too old for is said to be refused, no failure.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

typedef __u32 u32;
typedef __u64 u64;
#include "probe_filter.h"
#include "trace_record.h"
#include "probe.skel.h"
#include "trace.skel.h"

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static char logs[8][65536];

static void listen_to(struct bpf_object *object)
{
	struct bpf_program *program;
	int index = 0;

	bpf_object__for_each_program(program, object)
	{
		bpf_program__set_log_level(program, 4); /* statistics alone */
		bpf_program__set_log_buf(program, logs[index++], sizeof(logs[0]));
	}
}

static void print_programs(struct bpf_object *object)
{
	struct bpf_program *program;
	int index = 0;

	bpf_object__for_each_program(program, object)
	{
		const char *processed = strstr(logs[index++], "processed ");

		if (processed && bpf_program__autoload(program))
			printf("  %-24s %7d looked at  %5zu instructions\n",
			       bpf_program__name(program), atoi(processed + strlen("processed ")),
			       bpf_program__insn_cnt(program));
	}
}

static bool verify(bool direct_walk, bool group_dead)
{
	struct probe_bpf *bpf = probe_bpf__open();
	bool loaded;

	if (!bpf)
		return false;
	bpf->rodata->direct_walk = direct_walk;
	bpf_program__set_autoload(bpf->progs.process_exit, group_dead);
	bpf_program__set_autoload(bpf->progs.process_exit_counting, !group_dead);
	listen_to(bpf->obj);
	loaded = !probe_bpf__load(bpf);
	printf("direct walk %s, last thread %s: %s\n", direct_walk ? "yes" : "no ",
	       group_dead ? "told  " : "counted", loaded ? "loaded" : "refused");
	if (loaded)
		print_programs(bpf->obj);
	probe_bpf__destroy(bpf);
	return loaded;
}

static bool verify_trace(bool unified, bool whole_node)
{
	struct trace_bpf *bpf = trace_bpf__open();
	bool loaded;

	if (!bpf)
		return false;
	bpf->rodata->unified = unified;
	bpf->rodata->whole_node = whole_node;
	listen_to(bpf->obj);
	loaded = !trace_bpf__load(bpf);
	printf("trace, %s: %s\n",
	       whole_node ? "whole node"
	       : unified  ? "control groups of version 2"
			  : "control groups of version 1",
	       loaded ? "loaded" : "refused");
	if (loaded)
		print_programs(bpf->obj);
	trace_bpf__destroy(bpf);
	return loaded;
}

int main(void)
{
	bool any = false;

	libbpf_set_print(quiet);
	any |= verify(true, true);
	any |= verify(true, false);
	any |= verify(false, false);
	any &= verify_trace(false, false) && verify_trace(true, false) && verify_trace(false, true);
	return any ? 0 : 1;
}

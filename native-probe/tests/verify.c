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
#include "probe.skel.h"

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static bool verify(bool direct_walk, bool group_dead)
{
	static char logs[8][65536];
	struct probe_bpf *bpf = probe_bpf__open();
	struct bpf_program *program;
	bool loaded;
	int index = 0;

	if (!bpf)
		return false;
	bpf->rodata->direct_walk = direct_walk;
	bpf_program__set_autoload(bpf->progs.process_exit, group_dead);
	bpf_program__set_autoload(bpf->progs.process_exit_counting, !group_dead);
	bpf_object__for_each_program(program, bpf->obj)
	{
		bpf_program__set_log_level(program, 4); /* statistics alone */
		bpf_program__set_log_buf(program, logs[index++], sizeof(logs[0]));
	}
	loaded = !probe_bpf__load(bpf);
	printf("direct walk %s, last thread %s: %s\n", direct_walk ? "yes" : "no ",
	       group_dead ? "told  " : "counted", loaded ? "loaded" : "refused");
	index = 0;
	bpf_object__for_each_program(program, bpf->obj)
	{
		const char *processed = strstr(logs[index++], "processed ");

		if (loaded && processed && bpf_program__autoload(program))
			printf("  %-24s %7d looked at  %5zu instructions\n",
			       bpf_program__name(program), atoi(processed + strlen("processed ")),
			       bpf_program__insn_cnt(program));
	}
	probe_bpf__destroy(bpf);
	return loaded;
}

int main(void)
{
	bool any = false;

	libbpf_set_print(quiet);
	any |= verify(true, true);
	any |= verify(true, false);
	any |= verify(false, false);
	return any ? 0 : 1;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The format stands in the README. One line per call, in the order in which the kernel handed them over, which for one thread is
 * the order in which they returned.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <linux/membarrier.h>
#include <asm/unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "command.h"
#include "container.h"
#include "json.h"
#include "trace.h"
#include "trace_record.h"

typedef __u32 u32; /* the generated skeleton uses the kernel's short names */
typedef __u64 u64;
#include "trace.skel.h"

#define FORMAT_VERSION 1
#define SECONDS_MAX    3600
#define BUFFER_KIB     2048
#define BUFFER_KIB_MIN 128
#define BUFFER_KIB_MAX (1024 * 1024)
#define BYTES_DEFAULT  (256ull * 1024 * 1024)
#define BYTES_MIN      65536
#define FOOTER_BYTES   1024
#define POLL_MS        20
#define ALIVE_MS       200
#define OUT_BYTES      65536
#define WAKE_BYTES     65536
#define WAKES_PER_RING 8

#define CALL(number, name) [number] = name,

static const char *const native_calls[TRACE_CALLS] = {
#include "calls_native.h"
};

static const char *const compat_calls[TRACE_CALLS] = {
#include "calls_compat.h"
};

/* What the arguments of a call point to, and how it is called in a line. Never what is read or written. */
struct told {
	__u8 kind, argument;
	const char *label;
};

struct telling {
	const char *call;
	struct told texts[2];
};

#define TEXT(argument, label)                      \
	{                                          \
		TRACE_TEXT_STRING, argument, label \
	}
#define PATH(argument) TEXT(argument, "path")
#define ADDRESS(argument)                               \
	{                                               \
		TRACE_TEXT_ADDRESS, argument, "address" \
	}
#define ADDRESS_OUT(argument)                               \
	{                                                   \
		TRACE_TEXT_ADDRESS_OUT, argument, "address" \
	}

static const struct telling tellings[] = {
	{"access", {PATH(0)}},
	{"acct", {PATH(0)}},
	{"chdir", {PATH(0)}},
	{"chmod", {PATH(0)}},
	{"chown", {PATH(0)}},
	{"chown32", {PATH(0)}},
	{"chroot", {PATH(0)}},
	{"creat", {PATH(0)}},
	{"execve", {PATH(0)}},
	{"execveat", {PATH(1)}},
	{"faccessat", {PATH(1)}},
	{"faccessat2", {PATH(1)}},
	{"fanotify_mark", {PATH(4)}},
	{"fchmodat", {PATH(1)}},
	{"fchmodat2", {PATH(1)}},
	{"fchownat", {PATH(1)}},
	{"fspick", {PATH(1)}},
	{"fstatat64", {PATH(1)}},
	{"futimesat", {PATH(1)}},
	{"getxattr", {PATH(0), TEXT(1, "name")}},
	{"inotify_add_watch", {PATH(1)}},
	{"lchown", {PATH(0)}},
	{"lchown32", {PATH(0)}},
	{"lgetxattr", {PATH(0), TEXT(1, "name")}},
	{"link", {PATH(0), TEXT(1, "to")}},
	{"linkat", {PATH(1), TEXT(3, "to")}},
	{"listxattr", {PATH(0)}},
	{"llistxattr", {PATH(0)}},
	{"lremovexattr", {PATH(0), TEXT(1, "name")}},
	{"lsetxattr", {PATH(0), TEXT(1, "name")}},
	{"lstat", {PATH(0)}},
	{"lstat64", {PATH(0)}},
	{"mkdir", {PATH(0)}},
	{"mkdirat", {PATH(1)}},
	{"mknod", {PATH(0)}},
	{"mknodat", {PATH(1)}},
	{"mount", {TEXT(0, "source"), PATH(1)}},
	{"move_mount", {PATH(1), TEXT(3, "to")}},
	{"name_to_handle_at", {PATH(1)}},
	{"newfstatat", {PATH(1)}},
	{"open", {PATH(0)}},
	{"open_tree", {PATH(1)}},
	{"openat", {PATH(1)}},
	{"openat2", {PATH(1)}},
	{"pivot_root", {PATH(0), TEXT(1, "to")}},
	{"quotactl", {PATH(1)}},
	{"readlink", {PATH(0)}},
	{"readlinkat", {PATH(1)}},
	{"removexattr", {PATH(0), TEXT(1, "name")}},
	{"rename", {PATH(0), TEXT(1, "to")}},
	{"renameat", {PATH(1), TEXT(3, "to")}},
	{"renameat2", {PATH(1), TEXT(3, "to")}},
	{"rmdir", {PATH(0)}},
	{"setxattr", {PATH(0), TEXT(1, "name")}},
	{"stat", {PATH(0)}},
	{"stat64", {PATH(0)}},
	{"statfs", {PATH(0)}},
	{"statfs64", {PATH(0)}},
	{"statx", {PATH(1)}},
	{"swapoff", {PATH(0)}},
	{"swapon", {PATH(0)}},
	{"symlink", {TEXT(0, "target"), PATH(1)}},
	{"symlinkat", {TEXT(0, "target"), PATH(2)}},
	{"truncate", {PATH(0)}},
	{"truncate64", {PATH(0)}},
	{"umount", {PATH(0)}},
	{"umount2", {PATH(0)}},
	{"unlink", {PATH(0)}},
	{"unlinkat", {PATH(1)}},
	{"uselib", {PATH(0)}},
	{"utime", {PATH(0)}},
	{"utimensat", {PATH(1)}},
	{"utimes", {PATH(0)}},
	{"add_key", {TEXT(0, "type"), TEXT(1, "name")}},
	{"delete_module", {TEXT(0, "name")}},
	{"memfd_create", {TEXT(0, "name")}},
	{"mq_open", {TEXT(0, "name")}},
	{"mq_unlink", {TEXT(0, "name")}},
	{"request_key", {TEXT(0, "type"), TEXT(1, "name")}},
	{"sethostname", {TEXT(0, "name")}},
	{"accept", {ADDRESS_OUT(1)}},
	{"accept4", {ADDRESS_OUT(1)}},
	{"bind", {ADDRESS(1)}},
	{"connect", {ADDRESS(1)}},
	{"getpeername", {ADDRESS_OUT(1)}},
	{"recvfrom", {ADDRESS_OUT(4)}},
	{"sendto", {ADDRESS(4)}},
};

#define TELLINGS (sizeof(tellings) / sizeof(tellings[0]))

struct trace {
	struct trace_bpf *bpf;
	const char *cgroups[TRACE_CONTAINERS];
	bool is_gone[TRACE_CONTAINERS];
	struct container containers[TRACE_CONTAINERS];
	size_t count;
	bool whole_node;
	uint64_t seconds, buffer_kib, bytes_max;
	const struct telling *told_of[2][TRACE_CALLS];

	int64_t real_minus_boot_ns;
	FILE *line; /* in memory: its length is known before it is written */
	char *text;
	size_t length;
	uint64_t bytes, calls, unfinished, dropped;
	bool is_full, is_broken; /* no more room; no more reader */
};

static const char *call__name(const struct trace_call *call)
{
	const char *const *names = call->flags & TRACE_COMPAT ? compat_calls : native_calls;

	return call->number < TRACE_CALLS ? names[call->number] : NULL;
}

static void trace__learn_shapes(struct trace *trace)
{
	size_t compat, number, i, k;

	for (compat = 0; compat < 2; compat++) {
		for (number = 0; number < TRACE_CALLS; number++) {
			const char *name = (compat ? compat_calls : native_calls)[number];
			struct trace_shape *shape =
				(struct trace_shape *)&trace->bpf->rodata->shapes[compat][number];

			for (i = 0; name && i < TELLINGS; i++) {
				if (strcmp(name, tellings[i].call))
					continue;
				trace->told_of[compat][number] = &tellings[i];
				for (k = 0; k < 2; k++) {
					shape->kind[k] = tellings[i].texts[k].kind;
					shape->argument[k] = tellings[i].texts[k].argument;
				}
			}
		}
	}
}

static void print_time(FILE *out, const char *name, uint64_t real_ns)
{
	time_t seconds = real_ns / 1000000000;
	struct tm parts;

	gmtime_r(&seconds, &parts);
	fprintf(out, "\"%s\":\"%04d-%02d-%02dT%02d:%02d:%02d.%09uZ\"", name, parts.tm_year + 1900,
		parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
		(unsigned)(real_ns % 1000000000));
}

static void print_text(FILE *out, const char *label, const char *text, size_t length)
{
	fprintf(out, ",\"%s\":", label);
	json__print_string(out, text, length);
}

/* As the kernel would have read it, even if the caller gave less than a whole one. */
static void print_address(FILE *out, const char *label, const char *bytes, size_t length)
{
	struct sockaddr_storage address = {};
	const struct sockaddr_in *four = (void *)&address;
	const struct sockaddr_in6 *six = (void *)&address;
	const struct sockaddr_un *local = (void *)&address;
	char shown[INET6_ADDRSTRLEN];

	memcpy(&address, bytes, length < sizeof(address) ? length : sizeof(address));
	if (address.ss_family == AF_INET && length >= sizeof(*four)) {
		inet_ntop(AF_INET, &four->sin_addr, shown, sizeof(shown));
		fprintf(out, ",\"%s\":\"%s:%u\"", label, shown, ntohs(four->sin_port));
	} else if (address.ss_family == AF_INET6 && length >= sizeof(*six) - sizeof(uint32_t)) {
		inet_ntop(AF_INET6, &six->sin6_addr, shown, sizeof(shown));
		fprintf(out, ",\"%s\":\"[%s]:%u\"", label, shown, ntohs(six->sin6_port));
	} else if (address.ss_family == AF_UNIX && length > sizeof(sa_family_t)) {
		size_t room = length - sizeof(sa_family_t);

		/* An abstract name has a zero in front, and ends where the address does. */
		if (local->sun_path[0])
			room = strnlen(local->sun_path, room);
		print_text(out, label, local->sun_path, room);
	} else {
		fprintf(out, ",\"family\":%u", address.ss_family);
	}
}

static void print_argv(FILE *out, const char *text, size_t length)
{
	fputs(",\"argv\":", out);
	json__print_strings(out, text, length);
	if (length == TRACE_TEXT_MAX - 1)
		fputs(",\"argvCut\":true", out);
}

static void print_told(FILE *out, const struct trace_record *record, const struct telling *telling)
{
	const char *text = (const char *)(record + 1);
	int i;

	for (i = 0; telling && i < 2; i++) {
		const struct told *told = &telling->texts[i];
		size_t length = record->lengths[i];

		if (record->call.flags & TRACE_EXEC && i == 1) {
			if (length != TRACE_UNREADABLE)
				print_argv(out, text, length);
			continue;
		}
		if (!told->kind)
			continue;
		if (length == TRACE_UNREADABLE) {
			fprintf(out, ",\"%s\":null", told->label);
			continue;
		}
		if (told->kind == TRACE_TEXT_STRING)
			print_text(out, told->label, text, length);
		else if (length >= sizeof(sa_family_t))
			print_address(out, told->label, text, length);
		text += length;
	}
}

static const char *error__name(int64_t error)
{
	/* include/linux/errno.h: a signal came, and the call goes on or ends when that is dealt with */
	switch (error) {
	case 512:
		return "ERESTARTSYS";
	case 513:
		return "ERESTARTNOINTR";
	case 514:
		return "ERESTARTNOHAND";
	case 516:
		return "ERESTART_RESTARTBLOCK";
	default:
		return error > 0 && error < 512 ? strerrorname_np(error) : NULL;
	}
}

static void print_result(FILE *out, int64_t result)
{
	const char *name = result < 0 && result > -4096 ? error__name(-result) : NULL;

	fprintf(out, ",\"result\":%" PRId64, result);
	if (name)
		fprintf(out, ",\"error\":\"%s\"", name);
}

static void line__begin(struct trace *trace)
{
	fseeko(trace->line, 0, SEEK_SET);
}

/* False when there is no room for it. */
static bool line__end(struct trace *trace, bool is_footer)
{
	fputc('\n', trace->line);
	fflush(trace->line);
	if (!is_footer && trace->bytes + trace->length + FOOTER_BYTES > trace->bytes_max) {
		trace->is_full = true;
		return false;
	}
	trace->bytes += trace->length;
	if (fwrite(trace->text, trace->length, 1, stdout) != 1)
		trace->is_broken = true;
	return !trace->is_broken;
}

static void print_call(struct trace *trace, const struct trace_call *call, uint64_t at_ns,
		       uint32_t pid, uint32_t tid, uint32_t pid_inside, const char *comm)
{
	const char *name = call__name(call);
	FILE *out = trace->line;
	size_t i;

	fputc('{', out);
	print_time(out, "time", at_ns + trace->real_minus_boot_ns);
	fprintf(out, ",\"ns\":%" PRIu64, at_ns);
	if (call->begun_ns && call->begun_ns <= at_ns)
		fprintf(out, ",\"took\":%" PRIu64, (uint64_t)(at_ns - call->begun_ns));
	if (!trace->whole_node && trace->count > 1)
		fprintf(out, ",\"container\":%u", call->container);
	fprintf(out, ",\"pid\":%u,\"tid\":%u,\"pidInContainer\":%u", pid, tid, pid_inside);
	print_text(out, "comm", comm, strnlen(comm, 16));
	if (name)
		fprintf(out, ",\"call\":\"%s\"", name);
	else
		fprintf(out, ",\"call\":\"%d\"", (int)call->number);
	if (call->flags & TRACE_COMPAT)
		fputs(",\"compat\":true", out);
	fputs(",\"args\":[", out);
	for (i = 0; i < 6; i++)
		fprintf(out, "%s\"0x%" PRIx64 "\"", i ? "," : "", (uint64_t)call->arguments[i]);
	fputc(']', out);
}

/* Ends its line. */
static void trace__count(struct trace *trace, bool is_unfinished)
{
	if (line__end(trace, false)) {
		trace->calls++;
		trace->unfinished += is_unfinished;
	} else {
		trace->dropped++;
	}
}

static int on_record(void *context, void *data, size_t size)
{
	const struct trace_record *record = data;
	struct trace *trace = context;
	const struct trace_call *call = &record->call;

	if (size < sizeof(*record))
		return 0;
	if (trace->is_full || trace->is_broken) {
		trace->dropped++;
		return 0;
	}
	line__begin(trace);
	print_call(trace, call, record->at_ns, record->pid, record->tid, record->pid_inside,
		   record->comm);
	if (call->number < TRACE_CALLS)
		print_told(trace->line, record,
			   trace->told_of[!!(call->flags & TRACE_COMPAT)][call->number]);
	/* The root has no name of its own. */
	if (trace->whole_node && !record->lengths[2])
		print_text(trace->line, "cgroup", "/", 1);
	else if (trace->whole_node && record->lengths[2] != TRACE_UNREADABLE)
		print_text(trace->line, "cgroup", (const char *)data + size - record->lengths[2],
			   record->lengths[2]);
	if (call->flags & TRACE_ENDED)
		fputs(",\"unfinished\":\"ended\"", trace->line);
	else
		print_result(trace->line, record->result);
	fputc('}', trace->line);
	trace__count(trace, call->flags & TRACE_ENDED);
	return 0;
}

/* Those that had not returned when the recording ended. */
static void trace__tell_pending(struct trace *trace, uint64_t end_ns)
{
	int map = bpf_map__fd(trace->bpf->maps.pending);
	__u32 key, *before = NULL;

	while (!bpf_map_get_next_key(map, before, &key)) {
		struct trace_pending pending;

		before = &key;
		if (bpf_map_lookup_elem(map, &key, &pending) || pending.told)
			continue;
		if (trace->is_full || trace->is_broken) {
			trace->dropped++;
			continue;
		}
		line__begin(trace);
		print_call(trace, &pending.call, end_ns, pending.pid, pending.tid,
			   pending.pid_inside, pending.comm);
		fputs(",\"unfinished\":\"running\"}", trace->line);
		trace__count(trace, true);
	}
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static bool trace__header(struct trace *trace)
{
	struct utsname names;
	FILE *out = trace->line;
	uint64_t boot_ns = clock_ns(CLOCK_BOOTTIME);
	size_t i;

	trace->real_minus_boot_ns = clock_ns(CLOCK_REALTIME) - boot_ns;
	uname(&names);
	line__begin(trace);
	fprintf(out, "{\"trace\":%d,\"probe\":\"%s\",", FORMAT_VERSION, PROBE_BUILD);
	print_time(out, "time", boot_ns + trace->real_minus_boot_ns);
	fprintf(out, ",\"ns\":%" PRIu64, boot_ns);
	print_text(out, "host", names.nodename, strlen(names.nodename));
	print_text(out, "kernel", names.release, strlen(names.release));
	print_text(out, "machine", names.machine, strlen(names.machine));
	fprintf(out, ",\"seconds\":%" PRIu64 ",\"buffer\":%" PRIu64 ",\"bytes\":%" PRIu64,
		trace->seconds, trace->buffer_kib * 1024, trace->bytes_max);
	fprintf(out, ",\"scope\":\"%s\"", trace->whole_node ? "node" : "containers");
	if (!trace->whole_node) {
		fputs(",\"containers\":[", out);
		for (i = 0; i < trace->count; i++) {
			fprintf(out, "%s{\"cgroup\":", i ? "," : "");
			json__print_string(out, trace->cgroups[i], strlen(trace->cgroups[i]));
			fprintf(out, ",\"processes\":%zu}", trace->containers[i].count);
		}
		fputc(']', out);
	}
	fputc('}', out);
	return line__end(trace, false);
}

/* What the kernel skipped because a hook was in itself already. */
static uint64_t trace__skipped(const struct trace *trace)
{
	struct bpf_program *program;
	uint64_t skipped = 0;

	bpf_object__for_each_program(program, trace->bpf->obj)
	{
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			skipped += info.recursion_misses;
	}
	return skipped;
}

static bool trace__is_anybody_left(struct trace *trace)
{
	bool anybody = trace->whole_node;
	size_t i;

	for (i = 0; i < trace->count && !anybody; i++) {
		if (trace->is_gone[i])
			continue;
		if (container__is_alive(&trace->containers[i]))
			return true;
		/* Those that were there at the start have ended; others may have begun. */
		container__close(&trace->containers[i]);
		trace->is_gone[i] =
			container__find_members(&trace->containers[i], trace->cgroups[i]) == -ESRCH;
		anybody = !trace->is_gone[i];
	}
	return anybody;
}

/* Asks the kernel which control group this is: its number can be seen where no control group is mounted. */
static int trace__ask(struct trace *trace, uint32_t pid, uint32_t above)
{
	struct trace_bpf__bss *shared = trace->bpf->bss;
	struct bpf_link *link;
	char nothing[64];
	int fd, error = 0;

	shared->seed_pid = pid;
	shared->seed_above = above;
	shared->found.id = 0;
	link = bpf_program__attach_iter(trace->bpf->progs.find_target, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		error = fd;
	while (fd >= 0 && (error = read(fd, nothing, sizeof(nothing))) > 0)
		;
	error = error < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return error;
}

/* 0 also when the container has gone meanwhile. */
static int trace__aim(struct trace *trace, size_t index)
{
	const struct container *container = &trace->containers[index];
	struct trace_bpf__bss *shared = trace->bpf->bss;
	size_t i;

	for (i = 0; i < container->count; i++) {
		int depth = container__depth(container, i);
		int error = depth < 0 ? 0 : trace__ask(trace, container->members[i], depth);

		if (error)
			return error;
		/* It was it all the time, and in the same place. */
		if (depth < 0 || !shared->found.id || container__depth(container, i) != depth)
			continue;
		shared->targets[index] = shared->found;
		return 0;
	}
	trace->is_gone[index] = true;
	return 0;
}

static char libbpf_said[256];

static int libbpf__listen(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level != LIBBPF_WARN)
		return 0;
	if (getenv("POUNCE_PROBE_VERBOSE"))
		return vfprintf(stderr, format, args);
	vsnprintf(libbpf_said, sizeof(libbpf_said), format, args);
	libbpf_said[strcspn(libbpf_said, "\n")] = '\0';
	return 0;
}

static uint32_t ring_bytes(uint64_t kib)
{
	uint32_t bytes = BUFFER_KIB_MIN * 1024;

	while (bytes < kib * 1024)
		bytes *= 2;
	return bytes;
}

static int trace__load(struct trace *trace)
{
	uint32_t ring = ring_bytes(trace->buffer_kib), wake = ring / WAKES_PER_RING;
	int error;

	libbpf_set_print(libbpf__listen);
	trace->bpf = trace_bpf__open();
	if (!trace->bpf)
		return -errno;
	trace->buffer_kib = ring / 1024;
	trace->bpf->rodata->unified = !trace->whole_node && trace->cgroups[0][0] == ':';
	trace->bpf->rodata->whole_node = trace->whole_node;
	trace->bpf->rodata->wake_bytes = wake < WAKE_BYTES ? wake : WAKE_BYTES;
	trace__learn_shapes(trace);
	bpf_map__set_max_entries(trace->bpf->maps.calls, ring);
	bpf_program__set_autoattach(trace->bpf->progs.find_target, false);
	error = trace_bpf__load(trace->bpf);
	/* With nobody's pid: only to learn who we are. */
	if (!error)
		error = trace__ask(trace, 0, 0);
	return error ? error : trace_bpf__attach(trace->bpf);
}

static int trace__find(struct trace *trace)
{
	size_t i, gone = 0;

	for (i = 0; i < trace->count; i++) {
		int error = container__find_members(&trace->containers[i], trace->cgroups[i]);

		if (error && error != -ESRCH)
			return error;
		trace->is_gone[i] = error;
		gone += !!error;
	}
	return trace->count && gone == trace->count ? -ESRCH : 0;
}

/* Until it is over; the reason comes back. */
static const char *trace__record(struct trace *trace, struct ring_buffer *ring)
{
	uint64_t end_ms = command__now_ms() + trace->seconds * 1000, look_ms = 0, now;

	while ((now = command__now_ms()) < end_ms) {
		int left = end_ms - now < POLL_MS ? end_ms - now : POLL_MS;

		if (ring_buffer__poll(ring, left) >= 0)
			ring_buffer__consume(ring);
		if (fflush(stdout))
			trace->is_broken = true;
		if (trace->is_broken)
			return "broken";
		if (trace->is_full)
			return "bytes";
		if (command__stopped)
			return "stopped";
		if (now >= look_ms) {
			look_ms = now + ALIVE_MS;
			if (!trace__is_anybody_left(trace))
				return "gone";
		}
	}
	return "time";
}

static int trace__footer(struct trace *trace, const char *why)
{
	struct trace_bpf__bss *shared = trace->bpf->bss;
	uint64_t lost = shared->lost + trace->dropped, skipped = trace__skipped(trace);
	uint64_t boot_ns = clock_ns(CLOCK_BOOTTIME);

	line__begin(trace);
	fprintf(trace->line, "{\"ended\":\"%s\",", why);
	print_time(trace->line, "time", boot_ns + trace->real_minus_boot_ns);
	fprintf(trace->line,
		",\"ns\":%" PRIu64 ",\"calls\":%" PRIu64 ",\"unfinished\":%" PRIu64
		",\"lost\":%" PRIu64 ",\"skipped\":%" PRIu64 "}",
		boot_ns, trace->calls, trace->unfinished, lost, skipped);
	if (!line__end(trace, true) || fflush(stdout))
		return command__ended(ISOLATE_FAILED, "failed", "cannot write: %s",
				      strerror(errno));
	fprintf(stderr,
		"{\"answer\":\"traced\",\"ended\":\"%s\",\"calls\":%" PRIu64
		",\"unfinished\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"skipped\":%" PRIu64 "}\n",
		why, trace->calls, trace->unfinished, lost, skipped);
	return ISOLATE_DONE;
}

static int trace__do(struct trace *trace)
{
	struct ring_buffer *ring;
	const char *why;
	uint64_t end_ns;
	size_t i, gone = 0;
	int error;

	error = trace__find(trace);
	if (error == -ESRCH)
		return command__ended(ISOLATE_GONE, "gone", "no process is in control group %s",
				      trace->cgroups[0]);
	if (error)
		return command__ended(ISOLATE_FAILED, "failed", "cannot find its processes: %s",
				      strerror(-error));
	error = trace__load(trace);
	if (error)
		return command__ended(ISOLATE_FAILED, "failed", "cannot record: %s%s%s%s",
				      strerror(-error), *libbpf_said ? ": " : "", libbpf_said,
				      error == -EPERM ? " (it takes CAP_BPF and CAP_PERFMON)" : "");
	for (i = 0; !error && i < trace->count; i++) {
		error = trace->is_gone[i] ? 0 : trace__aim(trace, i);
		gone += trace->is_gone[i];
	}
	if (!error && trace->count && gone == trace->count)
		return command__ended(ISOLATE_GONE, "gone", "its processes have ended");
	ring = error ? NULL
		     : ring_buffer__new(bpf_map__fd(trace->bpf->maps.calls), on_record, trace,
					NULL);
	if (!ring)
		return command__ended(ISOLATE_FAILED, "failed", "cannot record: %s",
				      strerror(error ? -error : errno));
	trace->bpf->bss->target_count = trace->count;
	/* Who sees the header may rely on what comes now. */
	if (trace__header(trace) && (trace->bpf->bss->recording = true) && !fflush(stdout)) {
		why = trace__record(trace, ring);
		trace->bpf->bss->recording = false;
		end_ns = clock_ns(CLOCK_BOOTTIME);
		/* Whoever was in a hook has left it when this is over. */
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
		trace_bpf__detach(trace->bpf);
		ring_buffer__consume(ring);
		trace__tell_pending(trace, end_ns);
	} else {
		why = "broken";
	}
	ring_buffer__free(ring);
	return trace__footer(trace, trace->is_full ? "bytes" : why);
}

enum option_code {
	OPTION_CGROUP = 1,
	OPTION_NODE,
	OPTION_SECONDS,
	OPTION_BUFFER,
	OPTION_BYTES,
};

static const struct option options[] = {
	{"cgroup", required_argument, NULL, OPTION_CGROUP},
	{"node", no_argument, NULL, OPTION_NODE},
	{"seconds", required_argument, NULL, OPTION_SECONDS},
	{"buffer", required_argument, NULL, OPTION_BUFFER},
	{"bytes", required_argument, NULL, OPTION_BYTES},
	{},
};

/* Of the hierarchies that the kernel side can look into: the unified one, or that of the pids controller. */
static bool is_usable(const char *cgroup)
{
	size_t length = strcspn(cgroup, ":");
	const char *word = cgroup;

	if (cgroup[length] != ':' || cgroup[length + 1] != '/')
		return false;
	while (length && word < cgroup + length) {
		size_t part = strcspn(word, ",:");

		if (part == 4 && !strncmp(word, "pids", 4))
			return true;
		word += part + 1;
	}
	return !length;
}

int trace__run(int argc, char **argv)
{
	static struct trace trace;
	bool good = true;
	int option, exit;

	trace.seconds = 5;
	trace.buffer_kib = BUFFER_KIB;
	trace.bytes_max = BYTES_DEFAULT;
	while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPTION_CGROUP) {
			good = trace.count < TRACE_CONTAINERS && is_usable(optarg) &&
			       (!trace.count || (*optarg == ':') == (*trace.cgroups[0] == ':'));
			if (good)
				trace.cgroups[trace.count++] = optarg;
		} else if (option == OPTION_NODE) {
			trace.whole_node = true;
		} else if (option == OPTION_SECONDS) {
			good = command__number(optarg, 1, SECONDS_MAX, &trace.seconds);
		} else if (option == OPTION_BUFFER) {
			good = command__number(optarg, BUFFER_KIB_MIN, BUFFER_KIB_MAX,
					       &trace.buffer_kib);
		} else {
			good = option == OPTION_BYTES &&
			       command__number(optarg, BYTES_MIN, UINT64_MAX, &trace.bytes_max);
		}
	}
	if (!good || trace.whole_node == !!trace.count)
		return command__ended(ISOLATE_USAGE, "failed",
				      "trace takes --cgroup CONTROLLERS:/PATH, up to %d of one "
				      "hierarchy (the unified one, or that of pids), or --node",
				      TRACE_CONTAINERS);
	command__begin();
	trace.line = open_memstream(&trace.text, &trace.length);
	setvbuf(stdout, NULL, _IOFBF, OUT_BYTES);
	exit = trace.line ? trace__do(&trace)
			  : command__ended(ISOLATE_FAILED, "failed", "no memory is left");
	trace_bpf__destroy(trace.bpf);
	return exit;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The wire, frozen. Asserts where every field stands, and writes one golden frame per kind with a
 * different value in each field, beside an expected.json that names the values. The engine's decoder
 * reads the same files in its own test: neither side can move alone.
 *
 * usage: layout_test DIRECTORY
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probe_event.h"

#define AT(type, field, offset) \
	_Static_assert(offsetof(struct type, field) == (offset), #type "." #field " moved")

AT(probe_frame, size, 0);
AT(probe_frame, version, 4);
AT(probe_frame, kind, 6);
AT(probe_frame, boottime_ns, 8);

AT(probe_subject, start_boottime_ns, 0);
AT(probe_subject, parent_start_boottime_ns, 8);
AT(probe_subject, cgroup_id, 16);
AT(probe_subject, pids_cgroup_id, 24);
AT(probe_subject, cap_effective, 32);
AT(probe_subject, cap_permitted, 40);
AT(probe_subject, pid_inode, 48);
AT(probe_subject, tgid, 56);
AT(probe_subject, tid, 60);
AT(probe_subject, vtgid, 64);
AT(probe_subject, parent_tgid, 68);
AT(probe_subject, pgid, 72);
AT(probe_subject, sid, 76);
AT(probe_subject, uid, 80);
AT(probe_subject, gid, 84);
AT(probe_subject, real_uid, 88);
AT(probe_subject, login_uid, 92);
AT(probe_subject, tty, 96);
AT(probe_subject, mnt_ns, 100);
AT(probe_subject, pid_ns, 104);
AT(probe_subject, comm, 112);

AT(probe_exec, subject, 16);
AT(probe_exec, inode, 144);
AT(probe_exec, inode_ctime_ns, 152);
AT(probe_exec, inode_mtime_ns, 160);
AT(probe_exec, dev, 168);
AT(probe_exec, ret, 172);
AT(probe_exec, flags, 176);
AT(probe_exec, path_len, 180);
AT(probe_exec, filename_len, 182);
AT(probe_exec, cwd_len, 184);
AT(probe_exec, argv_len, 186);
AT(probe_exec, cgroup_len, 188);

AT(probe_fork, child_start_boottime_ns, 144);
AT(probe_fork, child_tgid, 152);
AT(probe_fork, child_vtgid, 156);

AT(probe_exit, exit_code, 144);
AT(probe_exit, reaper_tgid, 148);

AT(probe_open, inode, 144);
AT(probe_open, dev, 152);
AT(probe_open, ret, 156);
AT(probe_open, open_flags, 160);
AT(probe_open, mode, 164);
AT(probe_open, flags, 168);
AT(probe_open, dirfd, 172);
AT(probe_open, syscall, 176);
AT(probe_open, path_len, 180);
AT(probe_open, name_len, 182);
AT(probe_open, cgroup_len, 184);

AT(probe_connect, ret, 144);
AT(probe_connect, fd, 148);
AT(probe_connect, family, 152);
AT(probe_connect, protocol, 154);
AT(probe_connect, local_port, 156);
AT(probe_connect, remote_port, 158);
AT(probe_connect, local_address, 160);
AT(probe_connect, remote_address, 176);
AT(probe_connect, path_len, 192);
AT(probe_connect, cgroup_len, 194);

AT(probe_hello, realtime_ns, 16);
AT(probe_hello, pid, 24);
AT(probe_hello, cpus, 28);
AT(probe_hello, kernel_len, 32);
AT(probe_hello, build_len, 34);

AT(probe_filter, generation, 16);
AT(probe_filter, kinds, 20);
AT(probe_filter, flags, 24);
AT(probe_filter, wake, 28);
AT(probe_filter, names, 32);

AT(probe_armed, generation, 16);
AT(probe_armed, tiers, 20);
AT(probe_armed, hooks_len, 24);

AT(probe_heartbeat, realtime_ns, 16);
AT(probe_heartbeat, delivered, 24);
AT(probe_heartbeat, recursion_misses, 32);
AT(probe_heartbeat, ring_bytes, 40);
AT(probe_heartbeat, ring_size, 44);
AT(probe_heartbeat, generation, 48);
AT(probe_heartbeat, cpus, 52);
AT(probe_heartbeat, kinds, 54);

AT(probe_refused, refusal, 16);
AT(probe_refused, reason_len, 20);

static const char *directory;
static FILE *json;
static bool first_golden = true;

/* The frame under construction, and how much of it is there. */
static union {
	struct probe_frame frame;
	struct probe_exec exec;
	struct probe_fork fork;
	struct probe_exit exit;
	struct probe_open open;
	struct probe_connect connect;
	struct probe_hello hello;
	struct probe_filter filter;
	struct probe_armed armed;
	struct probe_heartbeat heartbeat;
	struct probe_refused refused;
	char bytes[PROBE_FRAME_MAX];
} golden;
static size_t size;

/* Sets a field and names it in expected.json; a macro, because both need the name. */
#define SET(object, field, value)                                                          \
	do {                                                                               \
		(object).field = (value);                                                  \
		fprintf(json, ",\n    \"%s\": %" PRId64, #field, (int64_t)(object).field); \
	} while (0)

static void put_json_string(const char *text, size_t length)
{
	const unsigned char *byte =
		(const unsigned char *)text; /* a plain char would be below 0x20 for all of UTF-8 */
	size_t i;

	fputc('"', json);
	for (i = 0; i < length; i++)
		if (byte[i] < 0x20 || byte[i] == '"' || byte[i] == '\\')
			fprintf(json, "\\u%04x", byte[i]);
		else
			fputc(byte[i], json);
	fputc('"', json);
}

static __u16 put_string(const char *name, const char *text, size_t length)
{
	memcpy(golden.bytes + size, text, length);
	size += length;
	fprintf(json, ",\n    \"%s\": ", name);
	put_json_string(text, length);
	return length;
}

static __u16 put_text(const char *name, const char *text)
{
	return put_string(name, text, strlen(text));
}

static __u16 put_arguments(const char *const *arguments)
{
	size_t start = size;

	fprintf(json, ",\n    \"argv\": [");
	for (; *arguments; arguments++) {
		size_t length = strlen(*arguments) + 1;

		memcpy(golden.bytes + size, *arguments, length);
		put_json_string(*arguments, length - 1);
		size += length;
		if (arguments[1])
			fprintf(json, ", ");
	}
	fprintf(json, "]");
	return size - start;
}

static void begin(const char *name, enum probe_kind kind, size_t fixed)
{
	memset(&golden, 0, sizeof(golden));
	size = fixed;
	golden.frame.version = PROBE_WIRE_VERSION;
	golden.frame.kind = kind;
	golden.frame.boottime_ns = 1000000000000 + kind;
	fprintf(json,
		"%s\n  \"%s\": {\n    \"kind\": %d,\n    \"version\": %d,\n    \"boottime_ns\": "
		"%" PRIu64,
		first_golden ? "" : ",", name, kind, PROBE_WIRE_VERSION,
		(uint64_t)golden.frame.boottime_ns);
	first_golden = false;
}

static void end(const char *name)
{
	char path[4096];
	FILE *out;

	golden.frame.size = size;
	fprintf(json, ",\n    \"size\": %zu\n  }", size);
	snprintf(path, sizeof(path), "%s/%s.bin", directory, name);
	out = fopen(path, "w");
	if (!out || fwrite(&golden, 1, size, out) != size || fclose(out)) {
		perror(path);
		exit(1);
	}
}

/* Distinct in every field, and different from kind to kind. */
static void put_subject(struct probe_subject *subject, const char *comm)
{
	__u32 base = golden.frame.kind * 100000;

	SET(*subject, start_boottime_ns, 0x1122334455667700 + golden.frame.kind);
	SET(*subject, parent_start_boottime_ns, 0x2233445566778800 + golden.frame.kind);
	SET(*subject, cgroup_id, 5000000000 + golden.frame.kind);
	SET(*subject, pids_cgroup_id, 6000000000 + golden.frame.kind);
	SET(*subject, cap_effective, 0x000001ffffffff00 + golden.frame.kind);
	SET(*subject, cap_permitted, 0x000001fffffffe00 + golden.frame.kind);
	SET(*subject, pid_inode, 7000000000 + golden.frame.kind);
	SET(*subject, tgid, base + 1);
	SET(*subject, tid, base + 2);
	SET(*subject, vtgid, base + 3);
	SET(*subject, parent_tgid, base + 4);
	SET(*subject, pgid, base + 5);
	SET(*subject, sid, base + 6);
	SET(*subject, uid, base + 7);
	SET(*subject, gid, base + 8);
	SET(*subject, real_uid, base + 9);
	SET(*subject, login_uid, 0xffffffff);
	SET(*subject, tty, 34816 + golden.frame.kind);
	SET(*subject, mnt_ns, 4026531840u + golden.frame.kind);
	SET(*subject, pid_ns, 4026531850u + golden.frame.kind);
	memcpy(subject->comm, comm, strlen(comm));
	fprintf(json, ",\n    \"comm\": ");
	put_json_string(comm, strlen(comm));
}

static void write_exec(void)
{
	static const char *const arguments[] = {"curl", "-s", "", "http://198.51.100.7/x y", NULL};
	struct probe_exec *exec = &golden.exec;

	begin("exec", PROBE_KIND_EXEC, sizeof(*exec));
	put_subject(&exec->subject, "curl");
	SET(*exec, inode, 0x100000001);
	SET(*exec, inode_ctime_ns, 1700000000123456789);
	SET(*exec, inode_mtime_ns, 1600000000987654321);
	SET(*exec, dev, 8u << 20 | 17);
	SET(*exec, ret, 0);
	SET(*exec, flags, PROBE_EXEC_UPPER_LAYER | PROBE_EXEC_OVERLAY | PROBE_EXEC_WRITABLE);
	exec->path_len = put_text("path", "/usr/bin/curl");
	exec->filename_len = put_text("filename", "./curl");
	exec->cwd_len = put_text("cwd", "/usr/bin");
	exec->argv_len = put_arguments(arguments);
	exec->cgroup_len = put_text(
		"cgroup", "system.slice/docker/"
			  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	end("exec");

	begin("exec-failed", PROBE_KIND_EXEC, sizeof(*exec));
	put_subject(&exec->subject, "fifteen-letters");
	SET(*exec, inode, 0);
	SET(*exec, ret, -2);
	SET(*exec, flags, PROBE_EXEC_PATH_CUT);
	exec->path_len = put_text("path", "");
	exec->filename_len = put_text("filename", "/opt/n\xc3\xb6.sh");
	exec->cwd_len = put_text("cwd", "/");
	exec->argv_len = put_arguments((const char *const[]){NULL});
	exec->cgroup_len = put_text("cgroup", "/");
	end("exec-failed");
}

static void write_fork(void)
{
	struct probe_fork *fork = &golden.fork;

	begin("fork", PROBE_KIND_FORK, sizeof(*fork));
	put_subject(&fork->subject, "bash");
	SET(*fork, child_start_boottime_ns, 0x3344556677889900);
	SET(*fork, child_tgid, 4711);
	SET(*fork, child_vtgid, 12);
	end("fork");
}

static void write_exit(void)
{
	struct probe_exit *exit = &golden.exit;

	begin("exit", PROBE_KIND_EXIT, sizeof(*exit));
	put_subject(&exit->subject, "worker");
	SET(*exit, exit_code, 3 << 8);
	SET(*exit, reaper_tgid, 987);
	end("exit");
}

static void write_open(void)
{
	struct probe_open *open = &golden.open;

	begin("open", PROBE_KIND_OPEN, sizeof(*open));
	put_subject(&open->subject, "cat");
	SET(*open, inode, 0x200000002);
	SET(*open, dev, 259u << 20 | 3);
	SET(*open, ret, 7);
	SET(*open, open_flags, 01101);
	SET(*open, mode, 0100640);
	SET(*open, flags, PROBE_OPEN_OVERLAY);
	SET(*open, dirfd, -100);
	SET(*open, syscall, 437);
	open->path_len = put_text("path", "/etc/shadow");
	open->name_len = put_text("name", "../etc/shadow");
	open->cgroup_len = put_text("cgroup", "kubepods/burstable/pod7");
	end("open");
}

static void put_address(const char *name, __u8 *target, const char *bytes, size_t length)
{
	size_t i;

	memcpy(target, bytes, length);
	fprintf(json, ",\n    \"%s\": \"", name);
	for (i = 0; i < PROBE_ADDRESS_LEN; i++)
		fprintf(json, "%02x", target[i]);
	fprintf(json, "\"");
}

static void write_connect(void)
{
	struct probe_connect *connect = &golden.connect;

	begin("connect-v4", PROBE_KIND_CONNECT, sizeof(*connect));
	put_subject(&connect->subject, "ssh");
	SET(*connect, ret, -115);
	SET(*connect, fd, 5);
	SET(*connect, family, 2);
	SET(*connect, protocol, 6);
	SET(*connect, local_port, 40001);
	SET(*connect, remote_port, 443);
	put_address("local_address", connect->local_address, "\x0a\x01\x02\x03", 4);
	put_address("remote_address", connect->remote_address, "\xc6\x33\x64\x07", 4);
	connect->path_len = put_text("path", "");
	connect->cgroup_len = put_text("cgroup", "user.slice/session-1.scope");
	end("connect-v4");

	begin("connect-v6", PROBE_KIND_CONNECT, sizeof(*connect));
	put_subject(&connect->subject, "dig");
	SET(*connect, ret, 0);
	SET(*connect, fd, 6);
	SET(*connect, family, 10);
	SET(*connect, protocol, 17);
	SET(*connect, local_port, 40002);
	SET(*connect, remote_port, 53);
	put_address("local_address", connect->local_address,
		    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	put_address("remote_address", connect->remote_address,
		    "\x20\x01\x0d\xb8\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5\x02", 16);
	connect->path_len = put_text("path", "");
	connect->cgroup_len = put_text("cgroup", "/");
	end("connect-v6");

	begin("connect-unix", PROBE_KIND_CONNECT, sizeof(*connect));
	put_subject(&connect->subject, "docker");
	SET(*connect, ret, -2);
	SET(*connect, fd, 9);
	SET(*connect, family, 1);
	SET(*connect, protocol, 0);
	SET(*connect, local_port, 0);
	SET(*connect, remote_port, 0);
	put_address("local_address", connect->local_address, "", 0);
	put_address("remote_address", connect->remote_address, "", 0);
	connect->path_len = put_string("path", "\0abstract", 9);
	connect->cgroup_len = put_text("cgroup", "system.slice/cron.service");
	end("connect-unix");
}

static void write_control(void)
{
	static const char *const names[] = {"shadow", ".ssh", "id_rsa"};
	struct probe_hello *hello = &golden.hello;
	struct probe_filter *filter = &golden.filter;
	struct probe_armed *armed = &golden.armed;
	struct probe_refused *refused = &golden.refused;
	size_t i;

	begin("hello", PROBE_KIND_HELLO, sizeof(*hello));
	SET(*hello, realtime_ns, 1800000000111222333);
	SET(*hello, pid, 4242);
	SET(*hello, cpus, 12);
	hello->kernel_len = put_text("kernel", "6.18.44-test");
	hello->build_len = put_text("build", "1.2.3");
	end("hello");

	begin("filter", PROBE_KIND_FILTER, sizeof(*filter));
	SET(*filter, generation, 77);
	SET(*filter, kinds, 0x3e);
	SET(*filter, flags, PROBE_FILTER_FAILED_EXEC | PROBE_FILTER_UNIX_CONNECT);
	SET(*filter, wake, 1 << PROBE_KIND_EXEC);
	filter->names = sizeof(names) / sizeof(names[0]);
	fprintf(json, ",\n    \"names\": [");
	for (i = 0; i < filter->names; i++) {
		size_t length = strlen(names[i]);

		golden.bytes[size++] = length;
		memcpy(golden.bytes + size, names[i], length);
		size += length;
		fprintf(json, "%s\"%s\"", i ? ", " : "", names[i]);
	}
	fprintf(json, "]");
	end("filter");

	begin("armed", PROBE_KIND_ARMED, sizeof(*armed));
	SET(*armed, generation, 78);
	SET(*armed, tiers, PROBE_TIER_OBSERVE);
	armed->hooks_len = put_text("hooks", "sched_process_exec,sys_exit");
	end("armed");

	begin("refused", PROBE_KIND_REFUSED, sizeof(*refused));
	SET(*refused, refusal, PROBE_REFUSED_NO_RIGHTS);
	refused->reason_len = put_text("reason", "uid 1000 lacks CAP_BPF: run the probe as root");
	end("refused");
}

static void write_heartbeat(void)
{
	struct probe_heartbeat *heartbeat = &golden.heartbeat;
	uint64_t *counter = (uint64_t *)(heartbeat + 1);
	int cpu, kind, lost;

	begin("heartbeat", PROBE_KIND_HEARTBEAT, sizeof(*heartbeat));
	SET(*heartbeat, realtime_ns, 1800000000444555666);
	SET(*heartbeat, delivered, 0x400000004);
	SET(*heartbeat, recursion_misses, 3);
	SET(*heartbeat, ring_bytes, 65544);
	SET(*heartbeat, ring_size, 8 << 20);
	SET(*heartbeat, generation, 79);
	SET(*heartbeat, cpus, 2);
	SET(*heartbeat, kinds, PROBE_EVENT_KINDS);
	fprintf(json, ",\n    \"counters\": [");
	for (cpu = 0; cpu < 2; cpu++) {
		fprintf(json, "%s{", cpu ? ", " : "");
		for (lost = 0; lost < 2; lost++) {
			fprintf(json, "%s\"%s\": [", lost ? ", " : "", lost ? "lost" : "sent");
			for (kind = 0; kind < PROBE_EVENT_KINDS; kind++) {
				*counter = kind ? (cpu + 1) * 1000 + lost * 100 + kind : 0;
				fprintf(json, "%s%" PRIu64, kind ? ", " : "", *counter);
				counter++;
			}
			fprintf(json, "]");
		}
		fprintf(json, "}");
	}
	fprintf(json, "]");
	size = (char *)counter - golden.bytes;
	end("heartbeat");
}

int main(int argc, char **argv)
{
	char path[4096];

	if (argc != 2) {
		fprintf(stderr, "usage: layout_test DIRECTORY\n");
		return 2;
	}
	directory = argv[1];
	snprintf(path, sizeof(path), "%s/expected.json", directory);
	json = fopen(path, "w");
	if (!json) {
		perror(path);
		return 1;
	}
	fputc('{', json);
	write_exec();
	write_fork();
	write_exit();
	write_open();
	write_connect();
	write_control();
	write_heartbeat();
	fputs("\n}\n", json);
	return fclose(json) ? 1 : 0;
}

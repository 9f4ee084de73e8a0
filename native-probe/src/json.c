// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "json.h"

static const char *const kind_names[PROBE_EVENT_KINDS] = {
	[PROBE_KIND_EXEC] = "exec", [PROBE_KIND_FORK] = "fork",       [PROBE_KIND_EXIT] = "exit",
	[PROBE_KIND_OPEN] = "open", [PROBE_KIND_CONNECT] = "connect",
};

const char *kind__name(unsigned kind)
{
	return kind < PROBE_EVENT_KINDS ? kind_names[kind] : NULL;
}

/* Length of the well-formed UTF-8 sequence at `text`, 0 when there is none. */
static size_t utf8_length(const unsigned char *text, size_t left)
{
	size_t length = text[0] < 0x80             ? 1
			: (text[0] & 0xe0) == 0xc0 ? 2
			: (text[0] & 0xf0) == 0xe0 ? 3
			: (text[0] & 0xf8) == 0xf0 ? 4
						   : 0;
	size_t i;

	if (length == 0 || length > left || text[0] == 0xc0 || text[0] == 0xc1 || text[0] > 0xf4)
		return 0;
	for (i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* File names are bytes. What is not UTF-8 is printed as the character of the same number. */
void json__print_string(FILE *out, const char *text, size_t size)
{
	const unsigned char *next = (const unsigned char *)text;
	const unsigned char *end = next + size;

	fputc('"', out);
	while (next < end) {
		size_t length = utf8_length(next, end - next);

		if (*next == '"' || *next == '\\')
			fprintf(out, "\\%c", *next);
		else if (*next < 0x20 || *next == 0x7f || length == 0)
			fprintf(out, "\\u%04x", *next);
		else
			fwrite(next, 1, length, out);
		next += length ? length : 1;
	}
	fputc('"', out);
}

void json__print_strings(FILE *out, const char *bytes, size_t size)
{
	size_t at;

	fputc('[', out);
	for (at = 0; at < size; at += strnlen(bytes + at, size - at) + 1) {
		if (at)
			fputc(',', out);
		json__print_string(out, bytes + at, strnlen(bytes + at, size - at));
	}
	fputc(']', out);
}

/* A string of the frame's tail; moves on to the next one. */
static void print_field(FILE *out, const char *name, const char **next, size_t length)
{
	fprintf(out, ",\"%s\":", name);
	json__print_string(out, *next, length);
	*next += length;
}

static void print_arguments(FILE *out, const char **next, size_t length)
{
	fputs(",\"argv\":", out);
	json__print_strings(out, *next, length);
	*next += length;
}

static void print_flags(FILE *out, uint32_t flags, const char *const *names, size_t count)
{
	bool first = true;
	size_t i;

	fputs(",\"flags\":[", out);
	for (i = 0; i < count; i++) {
		if (!(flags & (1u << i)))
			continue;
		fprintf(out, "%s\"%s\"", first ? "" : ",", names[i]);
		first = false;
	}
	fputc(']', out);
}

static void print_subject(FILE *out, const struct probe_subject *subject)
{
	fprintf(out,
		",\"tgid\":%u,\"tid\":%u,\"vtgid\":%u,\"start\":%" PRIu64 ",\"parent\":%u"
		",\"parentStart\":%" PRIu64 ",\"pgid\":%u,\"sid\":%u,\"uid\":%u,\"gid\":%u"
		",\"realUid\":%u,\"loginUid\":%d,\"tty\":%u,\"mntNs\":%u,\"pidNs\":%u"
		",\"cgroupId\":%" PRIu64 ",\"pidsCgroupId\":%" PRIu64 ",\"capEffective\":\"%" PRIx64
		"\",\"capPermitted\":\"%" PRIx64 "\",\"pidInode\":%" PRIu64 ",\"comm\":",
		subject->tgid, subject->tid, subject->vtgid, (uint64_t)subject->start_boottime_ns,
		subject->parent_tgid, (uint64_t)subject->parent_start_boottime_ns, subject->pgid,
		subject->sid, subject->uid, subject->gid, subject->real_uid,
		(int32_t)subject->login_uid, subject->tty, subject->mnt_ns, subject->pid_ns,
		(uint64_t)subject->cgroup_id, (uint64_t)subject->pids_cgroup_id,
		(uint64_t)subject->cap_effective, (uint64_t)subject->cap_permitted,
		(uint64_t)subject->pid_inode);
	json__print_string(out, subject->comm, strnlen(subject->comm, sizeof(subject->comm)));
}

static void print_exec(FILE *out, const struct probe_exec *exec)
{
	static const char *const flags[] = {"upperLayer", "overlay", "memfd",  "writable",
					    "argvCut",    "pathCut", "deleted"};
	const char *next = (const char *)(exec + 1);

	fprintf(out, ",\"ret\":%d", exec->ret);
	print_field(out, "path", &next, exec->path_len);
	print_field(out, "filename", &next, exec->filename_len);
	print_field(out, "cwd", &next, exec->cwd_len);
	print_arguments(out, &next, exec->argv_len);
	print_field(out, "cgroup", &next, exec->cgroup_len);
	print_flags(out, exec->flags, flags, sizeof(flags) / sizeof(flags[0]));
	fprintf(out, ",\"inode\":%" PRIu64 ",\"dev\":%u,\"ctime\":%" PRIu64 ",\"mtime\":%" PRIu64,
		(uint64_t)exec->inode, exec->dev, (uint64_t)exec->inode_ctime_ns,
		(uint64_t)exec->inode_mtime_ns);
}

static void print_open(FILE *out, const struct probe_open *open)
{
	static const char *const flags[] = {"upperLayer", "overlay", "pathCut"};
	const char *next = (const char *)(open + 1);

	fprintf(out, ",\"ret\":%d", open->ret);
	print_field(out, "path", &next, open->path_len);
	print_field(out, "name", &next, open->name_len);
	print_field(out, "cgroup", &next, open->cgroup_len);
	print_flags(out, open->flags, flags, sizeof(flags) / sizeof(flags[0]));
	fprintf(out,
		",\"openFlags\":%u,\"mode\":%u,\"dirfd\":%d,\"syscall\":%u,\"inode\":%" PRIu64
		",\"dev\":%u",
		open->open_flags, open->mode, open->dirfd, open->syscall, (uint64_t)open->inode,
		open->dev);
}

static void print_connect(FILE *out, const struct probe_connect *connect)
{
	const char *next = (const char *)(connect + 1);
	char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

	fprintf(out, ",\"ret\":%d,\"fd\":%d,\"family\":%u,\"protocol\":%u", connect->ret,
		connect->fd, connect->family, connect->protocol);
	if (connect->family == AF_UNIX) {
		print_field(out, "path", &next, connect->path_len);
	} else {
		inet_ntop(connect->family, connect->local_address, local, sizeof(local));
		inet_ntop(connect->family, connect->remote_address, remote, sizeof(remote));
		fprintf(out,
			",\"local\":\"%s\",\"localPort\":%u,\"remote\":\"%s\",\"remotePort\":%u",
			local, connect->local_port, remote, connect->remote_port);
		next += connect->path_len;
	}
	print_field(out, "cgroup", &next, connect->cgroup_len);
}

void json__print_event(FILE *out, const struct probe_frame *frame)
{
	const struct probe_fork *fork = (const struct probe_fork *)frame;
	const struct probe_exit *exit = (const struct probe_exit *)frame;

	if (!kind__name(frame->kind))
		return;
	fprintf(out, "{\"kind\":\"%s\",\"at\":%" PRIu64, kind__name(frame->kind),
		(uint64_t)frame->boottime_ns);
	/* The subject stands right behind the frame in every event. */
	print_subject(out, (const struct probe_subject *)(frame + 1));
	switch (frame->kind) {
	case PROBE_KIND_EXEC:
		print_exec(out, (const struct probe_exec *)frame);
		break;
	case PROBE_KIND_FORK:
		fprintf(out, ",\"child\":%u,\"childVtgid\":%u,\"childStart\":%" PRIu64,
			fork->child_tgid, fork->child_vtgid,
			(uint64_t)fork->child_start_boottime_ns);
		break;
	case PROBE_KIND_EXIT:
		fprintf(out, ",\"exitCode\":%u,\"reaper\":%u", exit->exit_code, exit->reaper_tgid);
		break;
	case PROBE_KIND_OPEN:
		print_open(out, (const struct probe_open *)frame);
		break;
	case PROBE_KIND_CONNECT:
		print_connect(out, (const struct probe_connect *)frame);
		break;
	}
	fputs("}\n", out);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Everything is read from /proc, on the node. What a process is asked for there may be held up by it: its arguments are
 * its own memory, its program is a file that it may serve itself. So each is looked at by a child of ours with little time;
 * what that cannot tell in time is left out and said to be.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "container.h"
#include "isolate.h"
#include "json.h"
#include "sha256.h"

#define ARGUMENTS_BYTES  4096
#define PROGRAM_BYTES    (512ull * 1024 * 1024)
#define SOCKETS_MAX      512
#define PATIENCE_SECONDS 3
#define TABLE_BYTES      (4 * 1024 * 1024)
#define RECORD_BYTES     (1024 * 1024)

static void text(FILE *out, const char *name, const char *value, size_t size)
{
	fprintf(out, ",\"%s\":", name);
	json__print_string(out, value, size);
}

static ssize_t link_of(pid_t pid, const char *name, char *target, size_t size)
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	length = readlink(path, target, size - 1);
	if (length >= 0)
		target[length] = '\0';
	return length;
}

static void print_identity(FILE *out, pid_t pid)
{
	char path[64], stat[1024], status[8192];
	char *name, *end, *line;
	unsigned uid[4], gid[4];
	unsigned long long ticks = 0;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file__read(path, stat, sizeof(stat)) > 0 && (name = strchr(stat, '(')) &&
	    (end = strrchr(stat, ')'))) {
		struct timespec real, boot;
		double start;

		sscanf(end + 1,
		       " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
		       "%*d %llu",
		       &parent, &ticks);
		clock_gettime(CLOCK_REALTIME, &real);
		clock_gettime(CLOCK_BOOTTIME, &boot);
		start = real.tv_sec - boot.tv_sec + (real.tv_nsec - boot.tv_nsec) / 1e9 +
			(double)ticks / sysconf(_SC_CLK_TCK);
		text(out, "name", name + 1, end - name - 1);
		fprintf(out, ",\"parentPid\":%d,\"startTicks\":%llu,\"started\":%.2f", parent,
			ticks, start);
	}
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (file__read(path, status, sizeof(status)) <= 0)
		return;
	if ((line = strstr(status, "\nNStgid:")) && (end = strchr(line + 1, '\n'))) {
		*end = '\0';
		fprintf(out, ",\"pidInContainer\":%d", atoi(strrchr(line, '\t') + 1));
		*end = '\n';
	}
	if ((line = strstr(status, "\nUid:")) &&
	    sscanf(line, "\nUid: %u %u %u %u", uid, uid + 1, uid + 2, uid + 3) == 4)
		fprintf(out, ",\"uid\":%u,\"effectiveUid\":%u", uid[0], uid[1]);
	if ((line = strstr(status, "\nGid:")) &&
	    sscanf(line, "\nGid: %u %u %u %u", gid, gid + 1, gid + 2, gid + 3) == 4)
		fprintf(out, ",\"gid\":%u,\"effectiveGid\":%u", gid[0], gid[1]);
	if ((line = strstr(status, "\nCapEff:\t")))
		text(out, "capabilities", line + 9, strcspn(line + 9, "\n"));
}

static void print_arguments(FILE *out, pid_t pid)
{
	char path[64], bytes[ARGUMENTS_BYTES + 1];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
	if (fd >= 0)
		close(fd);
	if (size < 0)
		return;
	if (size > ARGUMENTS_BYTES) {
		fputs(",\"argumentsCut\":true", out);
		size = ARGUMENTS_BYTES;
	}
	fputs(",\"arguments\":", out);
	json__print_strings(out, bytes, size);
}

static void print_program(FILE *out, pid_t pid)
{
	char path[64], target[4096];
	static char bytes[64 * 1024];
	struct sha256 hash;
	struct stat stat_;
	uint8_t digest[32];
	ssize_t got = -1;
	int fd, i;

	if (link_of(pid, "exe", target, sizeof(target)) >= 0)
		text(out, "executable", target, strlen(target));
	if (link_of(pid, "cwd", target, sizeof(target)) >= 0)
		text(out, "workingDirectory", target, strlen(target));
	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	if (!fstat(fd, &stat_) && S_ISREG(stat_.st_mode)) {
		fprintf(out, ",\"size\":%lld,\"inode\":%llu,\"modified\":%lld",
			(long long)stat_.st_size, (unsigned long long)stat_.st_ino,
			(long long)stat_.st_mtime);
		sha256__begin(&hash);
		while (hash.bytes < PROGRAM_BYTES && (got = read(fd, bytes, sizeof(bytes))) > 0)
			sha256__add(&hash, bytes, got);
		if (got == 0) {
			sha256__end(&hash, digest);
			fputs(",\"sha256\":\"", out);
			for (i = 0; i < 32; i++)
				fprintf(out, "%02x", digest[i]);
			fputc('"', out);
		}
	}
	close(fd);
}

struct sockets {
	uint64_t inodes[SOCKETS_MAX];
	size_t count;
	bool more;
};

static void sockets__of(pid_t pid, struct sockets *sockets)
{
	char path[64];
	struct dirent *entry;
	DIR *directory;

	sockets->count = 0;
	sockets->more = false;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		char target[64];
		ssize_t length =
			readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		unsigned long long inode;

		if (length < 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%llu]", &inode) != 1)
			continue;
		if (sockets->count == SOCKETS_MAX) {
			sockets->more = true;
			break;
		}
		sockets->inodes[sockets->count++] = inode;
	}
	if (directory)
		closedir(directory);
}

static bool sockets__has(const struct sockets *sockets, uint64_t inode)
{
	size_t i;

	for (i = 0; i < sockets->count; i++)
		if (sockets->inodes[i] == inode)
			return true;
	return false;
}

/* As the kernel prints it: words of the machine's own byte order, in hexadecimal digits (proc_pid_net(5)). */
static void print_address(FILE *out, const char *name, const char *hex, unsigned port)
{
	uint8_t address[16] = {};
	char shown[INET6_ADDRSTRLEN];
	size_t words = strlen(hex) / 8, i;

	for (i = 0; i < words && i < 4; i++) {
		uint32_t word;

		if (sscanf(hex + 8 * i, "%8" SCNx32, &word) == 1)
			memcpy(address + 4 * i, &word, sizeof(word));
	}
	if (inet_ntop(words == 4 ? AF_INET6 : AF_INET, address, shown, sizeof(shown)))
		fprintf(out, ",\"%s\":\"%s%s%s:%u\"", name, words == 4 ? "[" : "", shown,
			words == 4 ? "]" : "", port);
}

static void print_sockets(FILE *out, pid_t pid)
{
	/* include/net/tcp_states.h, from 1 */
	static const char *const states[] = {
		"",           "established", "syn-sent",  "syn-received",
		"fin-wait-1", "fin-wait-2",  "time-wait", "closed",
		"close-wait", "last-ack",    "listening", "closing"};
	static const char *const tables[] = {"tcp", "tcp6", "udp", "udp6"};
	static struct sockets sockets;
	char *lines = malloc(TABLE_BYTES);
	bool first = true;
	size_t i;

	sockets__of(pid, &sockets);
	fputs(",\"sockets\":[", out);
	for (i = 0; lines && sockets.count && i < sizeof(tables) / sizeof(tables[0]); i++) {
		char path[64], *line, *rest = NULL;

		snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, tables[i]);
		if (file__read(path, lines, TABLE_BYTES) <= 0)
			continue;
		for (line = strtok_r(lines, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			char local[33], remote[33];
			unsigned local_port, remote_port, state;
			unsigned long long inode;

			if (sscanf(line,
				   " %*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %*x:%*x %*x:%*x %*x %*u "
				   "%*d %llu",
				   local, &local_port, remote, &remote_port, &state, &inode) != 6 ||
			    !sockets__has(&sockets, inode))
				continue;
			fprintf(out, "%s{\"protocol\":\"%s\"", first ? "" : ",", tables[i]);
			print_address(out, "local", local, local_port);
			print_address(out, "remote", remote, remote_port);
			if (tables[i][0] == 't' && state < sizeof(states) / sizeof(states[0]))
				fprintf(out, ",\"state\":\"%s\"", states[state]);
			fputc('}', out);
			first = false;
		}
	}
	fputc(']', out);
	if (sockets.more)
		fputs(",\"socketsCut\":true", out);
	free(lines);
}

/* The child's: writes the record in two parts, so that what was told before it was held up is not lost. */
static void look_at(pid_t pid, int to)
{
	FILE *out = fdopen(to, "w");

	if (!out)
		_exit(1);
	setvbuf(out, NULL, _IOFBF, RECORD_BYTES); /* nothing goes out but where we say */
	alarm(PATIENCE_SECONDS);
	fprintf(out, "{\"pid\":%d", pid);
	print_identity(out, pid);
	print_sockets(out, pid);
	fflush(out);
	print_arguments(out, pid);
	fflush(out);
	print_program(out, pid);
	fputc('}', out);
	fflush(out);
	_exit(0);
}

/* False when standard output takes no more. */
static bool print_process(pid_t pid, int pidfd, bool first)
{
	static char record[RECORD_BYTES];
	size_t used = 0;
	ssize_t got;
	int ends[2], status;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	child = fork();
	if (child == 0) {
		close(ends[0]);
		look_at(pid, ends[1]);
	}
	close(ends[1]);
	while (child > 0 && used < sizeof(record) &&
	       (got = read(ends[0], record + used, sizeof(record) - used)) > 0)
		used += got;
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return false;
	if (!first)
		fputs(",\n", stdout);
	/* What was read may be another's by now. */
	if (!used || !process__is_alive(pidfd)) {
		printf("{\"pid\":%d,\"ended\":true}", pid);
		return !fflush(stdout);
	}
	fwrite(record, used, 1, stdout);
	/* Each part ends where a member does. */
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fputs(",\"heldUp\":true}", stdout);
	return !fflush(stdout);
}

static const struct option options[] = {{"cgroup", required_argument, NULL, 1}, {}};

int processes__run(int argc, char **argv)
{
	struct container container;
	const char *cgroup = NULL;
	bool written;
	size_t i;
	int option, error;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return ISOLATE_USAGE;
		cgroup = optarg;
	}
	if (!cgroup || !strchr(cgroup, ':')) {
		fputs("pounce-probe: processes takes --cgroup CONTROLLERS:/PATH\n", stderr);
		return ISOLATE_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	error = container__find_members(&container, cgroup);
	if (error) {
		fprintf(stderr, "pounce-probe: %s\n",
			error == -ESRCH ? "no process is in that control group" : strerror(-error));
		return error == -ESRCH ? ISOLATE_GONE : ISOLATE_FAILED;
	}
	written = fputs("[\n", stdout) >= 0 && !fflush(stdout);
	for (i = 0; written && i < container.count; i++)
		written = print_process(container.members[i], container.pidfds[i], i == 0);
	written = written && fputs("\n]\n", stdout) >= 0 && !fflush(stdout);
	if (!written)
		fprintf(stderr, "pounce-probe: cannot write: %s\n", strerror(errno));
	return written ? ISOLATE_DONE : ISOLATE_FAILED;
}

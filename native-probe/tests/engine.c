// SPDX-License-Identifier: Apache-2.0
/*
 * As much of an engine as the tests need. Listens, prints what the probe says as lines of JSON, and
 * does what it reads from standard input:
 *
 *	filter GENERATION KINDS FLAGS [NAME...]	sends a FILTER (numbers in C notation)
 *	frame VERSION KIND SIZE			sends a frame header, and zeroes up to SIZE
 *	bytes HEX				sends these bytes
 *	stall					stops reading from the probe
 *	go					reads again
 *	quit					closes the connection and ends
 *
 * usage: engine SOCKET [uid]: with a uid, the socket is made as that user.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "json.h"
#include "probe_event.h"

static int probe = -1;
static char received[4 * PROBE_FRAME_MAX];
static size_t used;

static void print_heartbeat(const struct probe_heartbeat *heartbeat)
{
	const uint64_t *counter = (const uint64_t *)(heartbeat + 1);
	uint64_t sent = 0, lost = 0;
	int cpu, kind;

	for (cpu = 0; cpu < heartbeat->cpus; cpu++) {
		for (kind = 0; kind < heartbeat->kinds; kind++)
			sent += *counter++;
		for (kind = 0; kind < heartbeat->kinds; kind++)
			lost += *counter++;
	}
	printf("{\"heartbeat\":%u,\"sent\":%" PRIu64 ",\"lost\":%" PRIu64 ",\"delivered\":%" PRIu64
	       ",\"misses\":%" PRIu64 ",\"pending\":%u}\n",
	       heartbeat->generation, sent, lost, (uint64_t)heartbeat->delivered,
	       (uint64_t)heartbeat->recursion_misses, heartbeat->ring_bytes);
}

static void print_frame(const struct probe_frame *frame)
{
	const struct probe_hello *hello = (const void *)frame;
	const struct probe_armed *armed = (const void *)frame;
	const struct probe_refused *refused = (const void *)frame;

	switch (frame->kind) {
	case PROBE_KIND_HELLO:
		printf("{\"hello\":\"%.*s\",\"pid\":%u}\n", hello->kernel_len,
		       (const char *)(hello + 1), hello->pid);
		break;
	case PROBE_KIND_ARMED:
		printf("{\"armed\":%u,\"tiers\":%u,\"hooks\":\"%.*s\"}\n", armed->generation,
		       armed->tiers, armed->hooks_len, (const char *)(armed + 1));
		break;
	case PROBE_KIND_HEARTBEAT:
		print_heartbeat((const void *)frame);
		break;
	case PROBE_KIND_REFUSED:
		printf("{\"refused\":%u,\"reason\":\"%.*s\"}\n", refused->refusal,
		       refused->reason_len, (const char *)(refused + 1));
		break;
	default:
		json__print_event(stdout, frame);
	}
}

static bool read_frames(void)
{
	ssize_t count = read(probe, received + used, sizeof(received) - used);
	size_t at = 0;

	if (count <= 0)
		return false;
	used += count;
	while (used - at >= sizeof(struct probe_frame)) {
		const struct probe_frame *frame = (const void *)(received + at);

		if (frame->size < sizeof(*frame) || frame->size > PROBE_FRAME_MAX) {
			printf("{\"broken\":%u}\n", frame->size);
			return false;
		}
		if (used - at < frame->size)
			break;
		print_frame(frame);
		at += frame->size;
	}
	used -= at;
	memmove(received, received + at, used);
	fflush(stdout);
	return true;
}

/* Reads while it cannot write: both sides waiting for the other to read would be for ever. */
static void send_all(const char *bytes, size_t size)
{
	while (size > 0) {
		struct pollfd turn = {.fd = probe, .events = POLLIN | POLLOUT};
		ssize_t sent = send(probe, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			bytes += sent;
			size -= sent;
		} else if (sent < 0 && errno != EAGAIN) {
			printf("{\"sendError\":%d}\n", errno);
			return;
		} else {
			poll(&turn, 1, -1);
			if (turn.revents & POLLIN && !read_frames())
				return;
		}
	}
}

static void send_filter(char *arguments)
{
	static struct {
		struct probe_filter filter;
		char names[PROBE_FRAME_MAX];
	} frame;
	char *rest = NULL, *name;
	char *next = frame.names;

	memset(&frame, 0, sizeof(frame));
	frame.filter.generation = strtoul(strtok_r(arguments, " ", &rest), NULL, 0);
	frame.filter.kinds = strtoul(strtok_r(NULL, " ", &rest), NULL, 0);
	frame.filter.flags = strtoul(strtok_r(NULL, " ", &rest), NULL, 0);
	frame.filter.wake = 1u << PROBE_KIND_EXEC;
	while ((name = strtok_r(NULL, " ", &rest))) {
		size_t length = strlen(name);

		*next++ = length;
		memcpy(next, name, length);
		next += length;
		frame.filter.names++;
	}
	frame.filter.frame.size = next - (char *)&frame;
	frame.filter.frame.version = PROBE_WIRE_VERSION;
	frame.filter.frame.kind = PROBE_KIND_FILTER;
	send_all((const char *)&frame, frame.filter.frame.size);
}

static void send_frame(const char *arguments)
{
	static char zeroes[2 * PROBE_FRAME_MAX];
	struct probe_frame *frame = (struct probe_frame *)zeroes;
	unsigned version, kind, size;

	sscanf(arguments, "%u %u %u", &version, &kind, &size);
	frame->version = version;
	frame->kind = kind;
	frame->size = size;
	send_all(zeroes, size < sizeof(*frame) ? sizeof(*frame) : size);
}

static void send_bytes(const char *hex)
{
	char byte;

	for (; sscanf(hex, "%2hhx", (unsigned char *)&byte) == 1; hex += 2)
		send_all(&byte, 1);
}

/* One read may hold several lines, and a line end where the read ends. */
static bool obey(bool *stalled)
{
	static char line[8192];

	if (!fgets(line, sizeof(line), stdin))
		return false;
	line[strcspn(line, "\n")] = '\0';
	if (!strncmp(line, "filter ", 7))
		send_filter(line + 7);
	else if (!strncmp(line, "frame ", 6))
		send_frame(line + 6);
	else if (!strncmp(line, "bytes ", 6))
		send_bytes(line + 6);
	else if (!strcmp(line, "stall"))
		*stalled = true;
	else if (!strcmp(line, "go"))
		*stalled = false;
	else if (!strcmp(line, "quit"))
		return false;
	return true;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct pollfd sources[2];
	bool stalled = false;
	int listener;

	if (argc < 2)
		return 2;
	setvbuf(stdin, NULL, _IONBF, 0); /* or poll would not see what fgets has already taken */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (argc > 2 && seteuid(atoi(argv[2])))
		return 1;
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1)) {
		perror(argv[1]);
		return 1;
	}
	printf("{\"listening\":true}\n");
	fflush(stdout);
	probe = accept(listener, NULL, NULL);
	sources[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	sources[1] = (struct pollfd){.fd = probe, .events = POLLIN};
	for (;;) {
		if (poll(sources, stalled ? 1 : 2, -1) < 0)
			break;
		if (!stalled && sources[1].revents && !read_frames())
			break;
		if (sources[0].revents && !obey(&stalled))
			break;
	}
	printf("{\"closed\":true}\n");
	return 0;
}

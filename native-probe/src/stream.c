// SPDX-License-Identifier: Apache-2.0
/*
 * The connection ends when the engine closes its end, for whatever reason, also when it is killed: the
 * kernel closes the socket then. No PR_SET_PDEATHSIG: it fires when the *thread* that forked us ends,
 * which for an engine on a virtual machine with thread pools is no sign of anything.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#include "loader.h"
#include "stream.h"

/* Several hundred events in one write; small enough to stay in the second level cache. */
#define BATCH_BYTES (256 * 1024)

/* How long an event may wait whose kind does not wake us: this many a second are looks into the ring. */
#define LOOK_MS 10

/*
 * After so many looks in vain the reader asks to be woken by the next event, looks once more for one that
 * did not see that, and rests: an idle host costs 10 wake-ups a second instead of 100. No longer, for a
 * signal that arrives just before the rest is seen only after it.
 */
#define LOOKS_IN_VAIN 10
#define REST_MS       100

#define SECOND_NS 1000000000ull

/* A blocked write looks this often whether we were asked to stop. */
#define SEND_PATIENCE_MS 200

enum outcome {
	GOING_ON,
	ENGINE_LEFT,
	STOPPED,
	FAILED,
	REFUSED,
};

struct stream {
	const struct stream_options *options;
	int socket;
	struct probe *probe;
	struct ring_buffer *ring;
	uint64_t delivered; /* event frames written to the socket */
	uint64_t next_heartbeat_ns;
	int looks_in_vain;

	char *batch;
	size_t batch_used;
	uint64_t batch_events;
	enum outcome batch_outcome; /* what flushing within the ring's callback came to */

	char received[PROBE_FRAME_MAX];
	size_t received_used;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * SECOND_NS + time.tv_nsec;
}

/* Blocks while the engine is slow: what is lost then is lost in the ring, where it is counted. */
static enum outcome stream__write(struct stream *stream, const void *bytes, size_t size)
{
	const char *next = bytes;

	while (size > 0) {
		ssize_t written = send(stream->socket, next, size, MSG_NOSIGNAL);

		if (written >= 0) {
			next += written;
			size -= written;
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET)
			return ENGINE_LEFT;
		if (errno != EINTR && errno != EAGAIN) {
			fprintf(stderr, "pounce-probe: cannot write to the engine: %s\n",
				strerror(errno));
			return FAILED;
		}
		if (*stream->options->stop)
			return STOPPED;
	}
	return GOING_ON;
}

static void frame__seal(struct probe_frame *frame, enum probe_kind kind, size_t size)
{
	frame->size = size;
	frame->version = PROBE_WIRE_VERSION;
	frame->kind = kind;
	frame->boottime_ns = now_ns(CLOCK_BOOTTIME);
}

static enum outcome stream__hello(struct stream *stream)
{
	struct {
		struct probe_hello hello;
		char strings[sizeof(struct utsname) + 64];
	} frame = {};
	struct utsname names;

	uname(&names);
	frame.hello.pid = getpid();
	frame.hello.cpus = libbpf_num_possible_cpus();
	frame.hello.kernel_len = strlen(names.release);
	frame.hello.build_len = strlen(PROBE_BUILD);
	memcpy(frame.strings, names.release, frame.hello.kernel_len);
	memcpy(frame.strings + frame.hello.kernel_len, PROBE_BUILD, frame.hello.build_len);
	frame__seal(&frame.hello.frame, PROBE_KIND_HELLO,
		    sizeof(frame.hello) + frame.hello.kernel_len + frame.hello.build_len);
	frame.hello.realtime_ns = now_ns(CLOCK_REALTIME);
	return stream__write(stream, &frame, frame.hello.frame.size);
}

static enum outcome stream__armed(struct stream *stream)
{
	const char *hooks = probe__hooks(stream->probe);
	struct {
		struct probe_armed armed;
		char hooks[256];
	} frame = {};

	frame.armed.generation = probe__generation(stream->probe);
	frame.armed.tiers = PROBE_TIER_OBSERVE;
	frame.armed.hooks_len = strlen(hooks);
	memcpy(frame.hooks, hooks, frame.armed.hooks_len);
	frame__seal(&frame.armed.frame, PROBE_KIND_ARMED,
		    sizeof(frame.armed) + frame.armed.hooks_len);
	return stream__write(stream, &frame, frame.armed.frame.size);
}

/* Says why, and that is the end. */
static enum outcome stream__refuse(struct stream *stream, const struct refusal *refusal)
{
	struct {
		struct probe_refused refused;
		char reason[sizeof(refusal->reason)];
	} frame = {};

	fprintf(stderr, "pounce-probe: %s\n", refusal->reason);
	frame.refused.refusal = refusal->code;
	frame.refused.reason_len = strlen(refusal->reason);
	memcpy(frame.reason, refusal->reason, frame.refused.reason_len);
	frame__seal(&frame.refused.frame, PROBE_KIND_REFUSED,
		    sizeof(frame.refused) + frame.refused.reason_len);
	stream__write(stream, &frame, frame.refused.frame.size);
	return REFUSED;
}

static enum outcome stream__heartbeat(struct stream *stream)
{
	int cpus = probe__cpus(stream->probe);
	size_t size = sizeof(struct probe_heartbeat) + cpus * sizeof(struct probe_counters);
	struct probe_heartbeat *heartbeat = calloc(1, size);
	struct probe_counters *counters = (struct probe_counters *)(heartbeat + 1);
	enum outcome outcome;

	if (!heartbeat)
		return GOING_ON; /* the engine notices the missing beat */
	heartbeat->delivered = stream->delivered;
	heartbeat->recursion_misses = probe__recursion_misses(stream->probe);
	heartbeat->ring_bytes = probe__ring_pending(stream->probe);
	heartbeat->ring_size = probe__ring_size(stream->probe);
	heartbeat->generation = probe__generation(stream->probe);
	heartbeat->kinds = PROBE_EVENT_KINDS;
	probe__read_counters(stream->probe, counters);
	heartbeat->cpus = counters__fold(counters, cpus, HEARTBEAT_BLOCKS_MAX);
	size = sizeof(struct probe_heartbeat) + heartbeat->cpus * sizeof(struct probe_counters);
	frame__seal(&heartbeat->frame, PROBE_KIND_HEARTBEAT, size);
	heartbeat->realtime_ns = now_ns(CLOCK_REALTIME);
	outcome = stream__write(stream, heartbeat, size);
	free(heartbeat);
	return outcome;
}

static enum outcome stream__flush(struct stream *stream)
{
	enum outcome outcome;

	if (stream->batch_used == 0)
		return GOING_ON;
	outcome = stream__write(stream, stream->batch, stream->batch_used);
	if (outcome == GOING_ON)
		stream->delivered += stream->batch_events;
	stream->batch_used = 0;
	stream->batch_events = 0;
	return outcome;
}

/*
 * Called per event. Copied rather than written from where it lies: in the ring each has a header of
 * its own in front, and an iovec entry per event costs more than the copy.
 */
static int stream__take(void *context, void *frame, size_t size)
{
	struct stream *stream = context;

	memcpy(stream->batch + stream->batch_used, frame, size);
	stream->batch_used += size;
	stream->batch_events++;
	if (stream->batch_used <= BATCH_BYTES - PROBE_FRAME_MAX)
		return 0;
	stream->batch_outcome = stream__flush(stream);
	/* Leave the ring, or a steady stream would keep us from heartbeats and from the engine's word. */
	return -EAGAIN;
}

static int stream__patience_ms(const struct stream *stream)
{
	return stream->looks_in_vain > LOOKS_IN_VAIN + 1 ? REST_MS : LOOK_MS;
}

static enum outcome stream__drain(struct stream *stream)
{
	stream->batch_outcome = GOING_ON;
	if (ring_buffer__consume(stream->ring) == 0)
		stream->looks_in_vain++;
	else
		stream->looks_in_vain = 0;
	if (stream->looks_in_vain == LOOKS_IN_VAIN)
		probe__wake_me(stream->probe);
	if (stream->batch_outcome != GOING_ON)
		return stream->batch_outcome;
	return stream__flush(stream);
}

/* First in, first out, before every ordinary task: what keeps the tail of the latency on a busy host. */
static void be_punctual(void)
{
	struct sched_param parameters = {.sched_priority = 1};

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters))
		fprintf(stderr,
			"pounce-probe: no SCHED_FIFO (%s): events may be late on a busy host; "
			"grant "
			"CAP_SYS_NICE\n",
			strerror(errno));
}

static enum outcome stream__apply(struct stream *stream, const struct probe_filter *filter)
{
	struct refusal refusal;
	int error;

	if (!stream->probe) {
		stream->probe = probe__arm(stream->options->ring_bytes, filter, &refusal);
		if (!stream->probe)
			return stream__refuse(stream, &refusal);
		stream->ring =
			ring_buffer__new(probe__ring_fd(stream->probe), stream__take, stream, NULL);
		if (!stream->ring) {
			refusal.code = PROBE_REFUSED_INTERNAL;
			snprintf(refusal.reason, sizeof(refusal.reason),
				 "the ring buffer of %u bytes cannot be mapped (%s): try a smaller "
				 "--ring-bytes",
				 stream->options->ring_bytes, strerror(errno));
			return stream__refuse(stream, &refusal);
		}
		be_punctual();
		stream->next_heartbeat_ns = now_ns(CLOCK_BOOTTIME) + SECOND_NS;
		return stream__armed(stream);
	}
	error = probe__apply(stream->probe, filter);
	if (error) {
		refusal.code = PROBE_REFUSED_INTERNAL;
		snprintf(refusal.reason, sizeof(refusal.reason),
			 "filter generation %u could not be written to the kernel: %s",
			 filter->generation, strerror(-error));
		return stream__refuse(stream, &refusal);
	}
	return stream__armed(stream);
}

/* One whole frame of the engine; the only kind that it may send is FILTER. */
static enum outcome stream__obey(struct stream *stream, const struct probe_frame *frame)
{
	const struct probe_filter *filter = (const struct probe_filter *)frame;
	struct refusal refusal;

	if (!filter__is_valid(filter, frame->size, &refusal))
		return stream__refuse(stream, &refusal);
	return stream__apply(stream, filter);
}

static enum outcome stream__check_header(struct stream *stream, const struct probe_frame *frame)
{
	struct refusal refusal = {.code = PROBE_REFUSED_BAD_FRAME};

	if (frame->version != PROBE_WIRE_VERSION)
		snprintf(refusal.reason, sizeof(refusal.reason),
			 "the engine speaks version %u of the wire, this probe (%s) version %u: "
			 "install "
			 "both from one release",
			 frame->version, PROBE_BUILD, PROBE_WIRE_VERSION);
	else if (frame->kind != PROBE_KIND_FILTER)
		snprintf(refusal.reason, sizeof(refusal.reason),
			 "the engine may send FILTER (%u), it sent a frame of kind %u",
			 PROBE_KIND_FILTER, frame->kind);
	else if (frame->size < sizeof(struct probe_filter) || frame->size > PROBE_FRAME_MAX)
		snprintf(refusal.reason, sizeof(refusal.reason),
			 "a FILTER frame has between %zu and %u bytes, the engine announced %u",
			 sizeof(struct probe_filter), PROBE_FRAME_MAX, frame->size);
	else
		return GOING_ON;
	return stream__refuse(stream, &refusal);
}

static enum outcome stream__listen(struct stream *stream)
{
	struct probe_frame *frame = (struct probe_frame *)stream->received;
	ssize_t count = recv(stream->socket, stream->received + stream->received_used,
			     sizeof(stream->received) - stream->received_used, MSG_DONTWAIT);
	enum outcome outcome;

	if (count == 0 || (count < 0 && errno == ECONNRESET))
		return ENGINE_LEFT;
	if (count < 0)
		return errno == EAGAIN || errno == EINTR ? GOING_ON : FAILED;
	stream->received_used += count;
	while (stream->received_used >= sizeof(*frame)) {
		outcome = stream__check_header(stream, frame);
		if (outcome != GOING_ON)
			return outcome;
		if (stream->received_used < frame->size)
			break;
		count = frame->size;
		outcome = stream__obey(stream, frame);
		if (outcome != GOING_ON)
			return outcome;
		stream->received_used -= count;
		memmove(stream->received, stream->received + count, stream->received_used);
	}
	return GOING_ON;
}

static enum outcome stream__turn(struct stream *stream)
{
	struct pollfd sources[2] = {{.fd = stream->socket, .events = POLLIN}};
	enum outcome outcome = GOING_ON;
	bool armed = stream->probe != NULL;

	if (armed)
		sources[1] = (struct pollfd){.fd = ring_buffer__epoll_fd(stream->ring),
					     .events = POLLIN};
	if (poll(sources, armed ? 2 : 1, armed ? stream__patience_ms(stream) : SEND_PATIENCE_MS) <
		    0 &&
	    errno != EINTR)
		return FAILED;
	if (*stream->options->stop)
		return STOPPED;
	if (armed)
		outcome = stream__drain(stream);
	if (outcome == GOING_ON && sources[0].revents)
		outcome = stream__listen(stream);
	if (outcome == GOING_ON && armed && now_ns(CLOCK_BOOTTIME) >= stream->next_heartbeat_ns) {
		stream->next_heartbeat_ns += SECOND_NS;
		/* After a long blockage one beat is enough. */
		if (stream->next_heartbeat_ns < now_ns(CLOCK_BOOTTIME))
			stream->next_heartbeat_ns = now_ns(CLOCK_BOOTTIME) + SECOND_NS;
		outcome = stream__heartbeat(stream);
	}
	return outcome;
}

static int connect_to_engine(const struct stream_options *options)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_usec = SEND_PATIENCE_MS * 1000};
	struct ucred engine;
	socklen_t length = sizeof(engine);
	int fd;

	if (strlen(options->socket_path) >= sizeof(address.sun_path)) {
		fprintf(stderr,
			"pounce-probe: the socket path has %zu characters, %zu are possible: %s\n",
			strlen(options->socket_path), sizeof(address.sun_path) - 1,
			options->socket_path);
		return -1;
	}
	strcpy(address.sun_path, options->socket_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		fprintf(stderr, "pounce-probe: cannot connect to %s: %s: is the engine running?\n",
			options->socket_path, strerror(errno));
		return -1;
	}
	/* Whoever could put a socket there would be told of everything that happens on this host. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &engine, &length) ||
	    engine.uid != options->engine_uid) {
		fprintf(stderr,
			"pounce-probe: %s belongs to uid %u, the engine should be uid %u: if that "
			"is the "
			"engine's user, say --engine-uid %u\n",
			options->socket_path, engine.uid, options->engine_uid, engine.uid);
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

int stream__run(const struct stream_options *options)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	enum outcome outcome;

	if (!stream)
		return 1;
	stream->options = options;
	stream->batch = malloc(BATCH_BYTES);
	stream->socket = connect_to_engine(options);
	if (!stream->batch || stream->socket < 0)
		return 1;
	outcome = stream__hello(stream);
	while (outcome == GOING_ON)
		outcome = stream__turn(stream);

	/* What was sent and is not read would turn the end of the stream into an error over there. */
	while (recv(stream->socket, stream->received, sizeof(stream->received), MSG_DONTWAIT) > 0)
		;
	ring_buffer__free(stream->ring);
	probe__disarm(stream->probe);
	close(stream->socket);
	free(stream->batch);
	free(stream);
	return outcome == FAILED ? 1 : outcome == REFUSED ? PROBE_STATUS_REFUSED : 0;
}

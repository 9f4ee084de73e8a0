// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/membarrier.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "loader.h"
#include "probe_filter.h"

typedef __u32 u32; /* the generated skeleton uses the kernel's short names */
typedef __u64 u64;
#include "probe.skel.h"

#define BTF_PATH "/sys/kernel/btf/vmlinux"

/* One wake-up per 64 KiB; but never more than an eighth of the ring, or a small one would never wake. */
#define BATCH_BYTES         65536u
#define BATCH_SHARE_OF_RING 8

struct probe {
	struct probe_bpf *bpf;
	struct bpf_program *programs[5];
	int program_count;
	int cpus;
	uint32_t ring_size;
	char hooks[128];
	time_t changed_at;             /* 0: never */
	const unsigned long *consumer; /* pages of the ring: how far it was read, and written */
	const unsigned long *producer;
};

/* libbpf explains itself through a callback; the last lines are kept for the refusal. */
static char libbpf_said[256];

static int libbpf__listen(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t length;

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(libbpf_said, sizeof(libbpf_said), format, args);
	length = strcspn(libbpf_said, "\n");
	libbpf_said[length] = '\0';
	if (getenv("POUNCE_PROBE_VERBOSE"))
		vfprintf(stderr, format, args);
	return 0;
}

static void refusal__set(struct refusal *refusal, enum probe_refusal code, const char *format, ...)
{
	va_list args;

	refusal->code = code;
	va_start(args, format);
	vsnprintf(refusal->reason, sizeof(refusal->reason), format, args);
	va_end(args);
}

static bool has_capability(int capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &header, data))
		return false;
	return data[capability / 32].effective & (1u << (capability % 32));
}

static bool check_host(struct refusal *refusal)
{
	if (access(BTF_PATH, R_OK)) {
		refusal__set(
			refusal, PROBE_REFUSED_NO_BTF,
			"%s cannot be read (%s): the probe needs the kernel's own type "
			"information; use a "
			"kernel built with CONFIG_DEBUG_INFO_BTF, and mount sysfs in the container",
			BTF_PATH, strerror(errno));
		return false;
	}
	if (!has_capability(CAP_SYS_ADMIN) &&
	    !(has_capability(CAP_BPF) && has_capability(CAP_PERFMON))) {
		refusal__set(
			refusal, PROBE_REFUSED_NO_RIGHTS,
			"uid %u lacks CAP_BPF or CAP_PERFMON: run the probe as root or grant both "
			"capabilities (and CAP_SYS_NICE, for punctual delivery)",
			geteuid());
		return false;
	}
	return true;
}

/*
 * What newer kernels allow, newest first. The version is only a guess where to begin, so that the
 * first attempt nearly always succeeds (a failed one costs as much as a good one, about 0.1 s);
 * what decides is the load itself.
 */
struct attempt {
	int major, minor;
	bool exit_tells_group_dead; /* 6.15: sched_process_exit says whether the last thread went */
	bool direct_walk;           /* 6.2: bpf_rdonly_cast */
};

static const struct attempt attempts[] = {
	{6, 15, true, true},
	{6, 2, false, true},
	{0, 0, false, false},
};

#define ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

static size_t first_attempt(void)
{
	struct utsname names;
	int major = 0, minor = 0;
	size_t i;

	uname(&names);
	sscanf(names.release, "%d.%d", &major, &minor);
	/* For the tests: a new kernel can be given what an old one would get. */
	if (getenv("POUNCE_PROBE_OLDEST"))
		return ATTEMPTS - 1;
	for (i = 0; i < ATTEMPTS - 1; i++)
		if (major > attempts[i].major ||
		    (major == attempts[i].major && minor >= attempts[i].minor))
			break;
	return i;
}

static int probe__try_load(struct probe *probe, const struct attempt *attempt)
{
	uint32_t batch = probe->ring_size / BATCH_SHARE_OF_RING;
	struct probe_bpf *bpf = probe_bpf__open();
	int error;

	if (!bpf)
		return -errno;
	probe->bpf = bpf;
	bpf->rodata->own_tgid = getpid();
	bpf->rodata->batch_bytes = batch < BATCH_BYTES ? batch : BATCH_BYTES;
	bpf->rodata->direct_walk = attempt->direct_walk;
	bpf_program__set_autoload(bpf->progs.process_exit, attempt->exit_tells_group_dead);
	bpf_program__set_autoload(bpf->progs.process_exit_counting,
				  !attempt->exit_tells_group_dead);
	bpf_map__set_max_entries(bpf->maps.events, probe->ring_size);
	bpf_map__set_max_entries(bpf->maps.scratches,
				 bpf_map__max_entries(bpf->maps.scratches) * probe->cpus);
	error = probe_bpf__load(bpf);
	if (error) {
		probe_bpf__destroy(bpf);
		probe->bpf = NULL;
	}
	return error;
}

static int probe__map_ring(struct probe *probe)
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = probe__ring_fd(probe);

	probe->consumer = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	probe->producer = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, page);
	return probe->consumer == MAP_FAILED || probe->producer == MAP_FAILED ? -errno : 0;
}

static int probe__attach(struct probe *probe)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, probe->bpf->obj)
	{
		const char *hook = strchr(bpf_program__section_name(program), '/') + 1;
		size_t used = strlen(probe->hooks);

		if (!bpf_program__autoload(program))
			continue;
		probe->programs[probe->program_count++] = program;
		snprintf(probe->hooks + used, sizeof(probe->hooks) - used, "%s%s", used ? "," : "",
			 hook);
	}
	return probe_bpf__attach(probe->bpf);
}

struct probe *probe__arm(uint32_t ring_bytes, const struct probe_filter *filter,
			 struct refusal *ret_refusal)
{
	struct probe *probe;
	struct utsname names;
	const char *step = "load";
	size_t attempt;
	int error = -EINVAL;

	libbpf_set_print(libbpf__listen);
	if (!check_host(ret_refusal))
		return NULL;
	probe = calloc(1, sizeof(*probe));
	if (!probe) {
		refusal__set(ret_refusal, PROBE_REFUSED_INTERNAL, "out of memory");
		return NULL;
	}
	probe->ring_size = ring_bytes;
	probe->cpus = libbpf_num_possible_cpus();
	for (attempt = first_attempt(); error && attempt < ATTEMPTS; attempt++)
		error = probe__try_load(probe, &attempts[attempt]);
	if (!error) {
		step = "set the filter of";
		error = probe__apply(probe, filter);
	}
	if (!error) {
		step = "map the ring of";
		error = probe__map_ring(probe);
	}
	if (!error) {
		step = "attach";
		error = probe__attach(probe);
	}
	if (!error)
		return probe;

	uname(&names);
	if (error == -EPERM)
		refusal__set(ret_refusal, PROBE_REFUSED_KERNEL,
			     "kernel %s does not permit to %s the probe although the capabilities "
			     "are there: a "
			     "security policy forbids BPF (lockdown=confidentiality, seccomp or a "
			     "container "
			     "profile); lift it for the probe",
			     names.release, step);
	else
		refusal__set(ret_refusal, PROBE_REFUSED_KERNEL,
			     "kernel %s cannot %s the probe (%s): it needs 5.12 or newer with BPF "
			     "tracing; "
			     "libbpf said: %s",
			     names.release, step, strerror(-error), libbpf_said);
	probe__disarm(probe);
	return NULL;
}

void probe__disarm(struct probe *probe)
{
	if (!probe)
		return;
	if (probe->bpf)
		probe_bpf__destroy(probe->bpf);
	free(probe);
}

bool filter__is_valid(const struct probe_filter *filter, size_t size, struct refusal *ret_refusal)
{
	const uint8_t *next = (const uint8_t *)(filter + 1);
	const uint8_t *end = (const uint8_t *)filter + size;
	uint32_t i;

	if (size < sizeof(*filter) || filter->frame.size != size) {
		refusal__set(ret_refusal, PROBE_REFUSED_BAD_FRAME,
			     "a FILTER frame has at least %zu bytes, the engine sent %zu",
			     sizeof(*filter), size);
		return false;
	}
	for (i = 0; i < filter->names; i++) {
		if (next >= end || *next == 0 || next + 1 + *next > end) {
			refusal__set(ret_refusal, PROBE_REFUSED_BAD_FRAME,
				     "name %u of %u in the engine's FILTER is empty or ends behind "
				     "the frame",
				     i + 1, filter->names);
			return false;
		}
		next += 1 + *next;
	}
	if (next != end) {
		refusal__set(ret_refusal, PROBE_REFUSED_BAD_FRAME,
			     "the engine's FILTER has %td bytes behind its %u names", end - next,
			     filter->names);
		return false;
	}
	return true;
}

static void set_interest(u64 *interest, const struct probe_filter *filter)
{
	/* 64-bit numbers and the 32-bit ones of the same calls; see enum syscall_64 and syscall_32. */
	static const short opens[] = {2, 85, 257, 437, 5, 8, 295};
	static const short connects[] = {42, 102, 362};
	static const short execs[] = {59, 322, 11, 358};
	size_t i;

	if (filter->kinds & (1u << PROBE_KIND_OPEN))
		for (i = 0; i < sizeof(opens) / sizeof(opens[0]); i++)
			interest[opens[i] / 64] |= 1ull << (opens[i] % 64);
	if (filter->kinds & (1u << PROBE_KIND_CONNECT))
		for (i = 0; i < sizeof(connects) / sizeof(connects[0]); i++)
			interest[connects[i] / 64] |= 1ull << (connects[i] % 64);
	if (filter->kinds & (1u << PROBE_KIND_EXEC) && filter->flags & PROBE_FILTER_FAILED_EXEC)
		for (i = 0; i < sizeof(execs) / sizeof(execs[0]); i++)
			interest[execs[i] / 64] |= 1ull << (execs[i] % 64);
}

/* Names of a slot that are left from its last use. */
static int clear_names(int map, uint32_t slot)
{
	struct filter_name key, next;
	void *position = NULL;

	while (!bpf_map_get_next_key(map, position, &next)) {
		if (position && key.slot == slot)
			bpf_map_delete_elem(map, &key);
		key = next;
		position = &key;
	}
	if (position && key.slot == slot)
		bpf_map_delete_elem(map, &key);
	return 0;
}

int probe__apply(struct probe *probe, const struct probe_filter *filter)
{
	const uint8_t *next = (const uint8_t *)(filter + 1);
	int map = bpf_map__fd(probe->bpf->maps.filter_names);
	uint32_t slot = (probe->bpf->bss->active_filter + 1) & 1;
	struct filter_slot *target = &probe->bpf->bss->filters[slot];
	u64 *interest = probe->bpf->bss->interest;
	u64 wanted[FILTER_SYSCALL_WORDS] = {};
	uint32_t i;

	/*
	 * A program that began before the last change may still be reading the slot that is now written.
	 * Programs run within RCU, and this call waits until all that have begun have ended; it takes
	 * some 20 ms in which nobody empties the ring, so only when the last change was just now. Where
	 * seccomp forbids it, the worst is one event judged by half a filter.
	 */
	if (time(NULL) - probe->changed_at < 2)
		syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
	clear_names(map, slot);
	memset(target, 0, sizeof(*target));
	target->generation = filter->generation;
	target->kinds = filter->kinds;
	target->flags = filter->flags;
	target->wake = filter->wake;
	for (i = 0; i < filter->names; i++) {
		struct filter_name key = {.slot = slot, .length = *next};
		uint64_t words[2] = {};
		uint32_t present = 1, bit;

		memcpy(key.name, next + 1, *next);
		memcpy(words, key.name, *next < sizeof(words) ? *next : sizeof(words));
		bit = filter__bloom_bit(words[0], words[1], key.length);
		target->bloom[bit / 64] |= 1ull << (bit % 64);
		if (bpf_map_update_elem(map, &key, &present, BPF_ANY))
			return -errno;
		next += 1 + *next;
	}

	/*
	 * First more calls may pass than either filter wants, then the filter changes, then only its
	 * own calls pass: at no moment is a call rejected that one of the two would have reported.
	 */
	set_interest(wanted, filter);
	for (i = 0; i < FILTER_SYSCALL_WORDS; i++)
		__atomic_or_fetch(&interest[i], wanted[i], __ATOMIC_SEQ_CST);
	__atomic_store_n(&probe->bpf->bss->active_filter, slot, __ATOMIC_SEQ_CST);
	for (i = 0; i < FILTER_SYSCALL_WORDS; i++)
		__atomic_store_n(&interest[i], wanted[i], __ATOMIC_SEQ_CST);
	probe->changed_at = time(NULL);
	return 0;
}

uint32_t probe__generation(const struct probe *probe)
{
	return probe->bpf->bss->filters[probe->bpf->bss->active_filter & 1].generation;
}

int probe__ring_fd(const struct probe *probe)
{
	return bpf_map__fd(probe->bpf->maps.events);
}

uint32_t probe__ring_size(const struct probe *probe)
{
	return probe->ring_size;
}

uint32_t probe__ring_pending(const struct probe *probe)
{
	return __atomic_load_n(probe->producer, __ATOMIC_ACQUIRE) -
	       __atomic_load_n(probe->consumer, __ATOMIC_ACQUIRE);
}

void probe__wake_me(struct probe *probe)
{
	__atomic_store_n(&probe->bpf->bss->reader_rests, 1, __ATOMIC_SEQ_CST);
}

const char *probe__hooks(const struct probe *probe)
{
	return probe->hooks;
}

int probe__cpus(const struct probe *probe)
{
	return probe->cpus;
}

int probe__read_counters(const struct probe *probe, struct probe_counters *ret_counters)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(bpf_map__fd(probe->bpf->maps.loss), &zero, ret_counters);
}

uint64_t probe__recursion_misses(const struct probe *probe)
{
	uint64_t misses = 0;
	int i;

	for (i = 0; i < probe->program_count; i++) {
		struct bpf_prog_info info = {};
		__u32 length = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(probe->programs[i]), &info, &length))
			misses += info.recursion_misses;
	}
	return misses;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Attached without links or pins: what was attached by BPF_PROG_ATTACH or as a filter stays until it is detached, or until
 * the interface or control group is gone. So it outlives us without a file system that somebody must mount, and
 * there is no file that somebody could delete.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "container.h"
#include "isolation.h"

typedef __u32 u32; /* the generated skeleton uses the kernel's short names */
typedef __u64 u64;
#include "isolate.skel.h"

/* 6.6, newer than the headers we are built with (include/uapi/linux/bpf.h). */
#define BPF_TCX_INGRESS 46
#define BPF_TCX_EGRESS  47
#define BPF_F_BEFORE    (1u << 3)

/* As many programs as there can be at one hook (BPF_MPROG_MAX). */
#define PROGRAMS_AT_HOOK 64

enum isolation_hook {
	ISOLATION_HOOK_TCX, /* 6.6 */
	ISOLATION_HOOK_CLSACT,
};

/* Before those of others, which mostly use 1 too; a new one of the same priority comes first. */
#define TC_PRIORITY 1

struct attach_request { /* union bpf_attr, for BPF_PROG_ATTACH and BPF_PROG_DETACH */
	__u32 target;
	__u32 program_fd;
	__u32 attach_type;
	__u32 flags;
	__u32 replace_fd;
	__u32 relative;
	__u64 revision;
};

struct query_request { /* for BPF_PROG_QUERY */
	__u32 target;
	__u32 attach_type;
	__u32 query_flags;
	__u32 attach_flags;
	__u64 program_ids __attribute__((aligned(8)));
	__u32 count;
	__u32 padding;
	__u64 program_flags;
	__u64 link_ids;
	__u64 link_flags;
	__u64 revision;
};

static const struct {
	enum isolation_program program;
	enum bpf_attach_type type;
} cgroup_hooks[] = {
	{ISOLATION_EGRESS, BPF_CGROUP_INET_EGRESS},
	{ISOLATION_INGRESS, BPF_CGROUP_INET_INGRESS},
	{ISOLATION_CONNECT4, BPF_CGROUP_INET4_CONNECT},
	{ISOLATION_CONNECT6, BPF_CGROUP_INET6_CONNECT},
	{ISOLATION_SENDMSG4, BPF_CGROUP_UDP4_SENDMSG},
	{ISOLATION_SENDMSG6, BPF_CGROUP_UDP6_SENDMSG},
};

#define CGROUP_HOOKS (sizeof(cgroup_hooks) / sizeof(cgroup_hooks[0]))

bool rules__allow(struct isolation_rules *rules, const char *cidr)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(cidr, '/');
	size_t length = slash ? (size_t)(slash - cidr) : strlen(cidr);
	struct isolation_prefix4 four = {};
	struct isolation_prefix6 six = {};
	unsigned long bits, most;
	uint8_t *bytes;
	char *end = NULL;
	size_t i;

	if (length >= sizeof(address) ||
	    rules->allowed4_count + rules->allowed6_count >= ISOLATION_ALLOWED_MAX)
		return false;
	memcpy(address, cidr, length);
	address[length] = '\0';
	if (inet_pton(AF_INET, address, four.address) == 1) {
		bytes = four.address;
		most = 32;
	} else if (inet_pton(AF_INET6, address, six.address) == 1) {
		bytes = six.address;
		most = 128;
	} else {
		return false;
	}
	bits = slash ? strtoul(slash + 1, &end, 10) : most;
	if (slash && (end == slash + 1 || *end || slash[1] == '-' || slash[1] == '+'))
		return false;
	if (bits > most)
		return false;
	for (i = 0; i < most; i++)
		if (i >= bits)
			bytes[i / 8] &= ~(0x80 >> i % 8);
	if (most == 32) {
		void *more = realloc(rules->allowed4, (rules->allowed4_count + 1) * sizeof(four));

		if (!more)
			return false;
		rules->allowed4 = more;
		four.bits = bits;
		rules->allowed4[rules->allowed4_count++] = four;
	} else {
		void *more = realloc(rules->allowed6, (rules->allowed6_count + 1) * sizeof(six));

		if (!more)
			return false;
		rules->allowed6 = more;
		six.bits = bits;
		rules->allowed6[rules->allowed6_count++] = six;
	}
	return true;
}

bool rules__add_resolver(struct isolation_rules *rules, const char *address)
{
	struct isolation_resolver resolver = {};
	size_t i;

	if (rules->resolver_count == ISOLATION_RESOLVERS)
		return false;
	if (inet_pton(AF_INET, address, resolver.address + 12) == 1)
		resolver.address[10] = resolver.address[11] = 0xff;
	else if (inet_pton(AF_INET6, address, resolver.address) != 1)
		return false;
	for (i = 0; i < rules->resolver_count; i++)
		if (!memcmp(&rules->resolvers[i], &resolver, sizeof(resolver)))
			return true;
	rules->resolvers[rules->resolver_count++] = resolver;
	return true;
}

/* FNV-1a, 64 bits. */
static uint64_t digest(uint64_t kind, const void *bytes, size_t size)
{
	const uint8_t *next = bytes;
	uint64_t hash = 0xcbf29ce484222325ull ^ kind;

	while (size--)
		hash = (hash ^ *next++) * 0x100000001b3ull;
	return hash;
}

uint64_t rules__digest(const struct isolation_rules *rules)
{
	uint64_t sum = digest(0, "", 0);
	size_t i;

	for (i = 0; i < rules->allowed4_count; i++)
		sum += digest(4, &rules->allowed4[i], sizeof(rules->allowed4[i]));
	for (i = 0; i < rules->allowed6_count; i++)
		sum += digest(6, &rules->allowed6[i], sizeof(rules->allowed6[i]));
	for (i = 0; i < rules->resolver_count; i++)
		sum += digest(53, &rules->resolvers[i], sizeof(rules->resolvers[i]));
	return sum;
}

static uint32_t tcx__type(bool ingress)
{
	return ingress ? BPF_TCX_INGRESS : BPF_TCX_EGRESS;
}

static int tcx__change(int command, uint32_t ifindex, int program, uint32_t type)
{
	struct attach_request request = {
		.target = ifindex,
		.program_fd = program,
		.attach_type = type,
		/* In front: another program's say may be that nobody else is asked. */
		.flags = command == BPF_PROG_ATTACH ? BPF_F_BEFORE : 0,
	};

	return syscall(SYS_bpf, command, &request, sizeof(request)) ? -errno : 0;
}

/* Is it among those that are attached there; for 0, is any? */
static bool is_attached(uint32_t target, uint32_t type, uint32_t program_id)
{
	uint32_t ids[PROGRAMS_AT_HOOK], i;
	struct query_request request = {
		.target = target,
		.attach_type = type,
		.program_ids = (uintptr_t)ids,
		.count = PROGRAMS_AT_HOOK,
	};

	if (syscall(SYS_bpf, BPF_PROG_QUERY, &request, sizeof(request)))
		return false;
	for (i = 0; i < request.count && i < PROGRAMS_AT_HOOK; i++)
		if (ids[i] == program_id || !program_id)
			return true;
	return false;
}

static bool tcx__has(uint32_t ifindex, bool ingress, uint32_t program_id)
{
	return is_attached(ifindex, tcx__type(ingress), program_id);
}

static int clsact__attach(uint32_t ifindex, int program, bool ingress, uint32_t handle)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program, .handle = handle,
		    .priority = TC_PRIORITY);
	int error = bpf_tc_hook_create(&hook);

	if (error && error != -EEXIST)
		return error;
	return bpf_tc_attach(&hook, &options);
}

static bool clsact__has(uint32_t ifindex, bool ingress, uint32_t handle, uint32_t program_id)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = handle, .priority = TC_PRIORITY);

	return !bpf_tc_query(&hook, &options) && options.prog_id == program_id;
}

static int clsact__detach(uint32_t ifindex, bool ingress, uint32_t handle)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = handle, .priority = TC_PRIORITY);

	return bpf_tc_detach(&hook, &options);
}

/* At the node's end of a pair, what comes in is what the container sends out. */
static enum isolation_program program_at(const struct isolation_place *place, bool ingress)
{
	return (place->side == ISOLATION_SIDE_NODE) == ingress ? ISOLATION_OUT : ISOLATION_IN;
}

static int interface__attach_at(enum isolation_hook hook, const struct isolation_place *place,
				const struct isolation_record *record, const int *programs)
{
	int ingress, error = 0;

	for (ingress = 1; !error && ingress >= 0; ingress--) {
		int program = programs[program_at(place, ingress)];

		error = hook == ISOLATION_HOOK_TCX ? tcx__change(BPF_PROG_ATTACH, place->ifindex,
								 program, tcx__type(ingress))
						   : clsact__attach(place->ifindex, program,
								    ingress, record->tc_handle);
	}
	return error;
}

static int interface__release(const struct isolation_place *place,
			      const struct isolation_record *record)
{
	int ingress, result = 0;

	for (ingress = 0; ingress < 2; ingress++) {
		uint32_t id = record->programs[program_at(place, ingress)];
		int error = 0, program;

		if (tcx__has(place->ifindex, ingress, id)) {
			program = bpf_prog_get_fd_by_id(id);
			error = program < 0 ? -errno
					    : tcx__change(BPF_PROG_DETACH, place->ifindex, program,
							  tcx__type(ingress));
			if (program >= 0)
				close(program);
		}
		if (!error && clsact__has(place->ifindex, ingress, record->tc_handle, id))
			error = clsact__detach(place->ifindex, ingress, record->tc_handle);
		/* Somebody else was faster, or has removed the interface: that is what was wanted. */
		if (error && error != -ENOENT && error != -ENODEV)
			result = error;
	}
	return result;
}

/*
 * A filter is in force at once; the first program at the newer hook only when the kernel has waited for its
 * processors, which is ten milliseconds later. But programs at the newer hook are asked first and may
 * accept for good, so where there are others of them we go there, in front; and at the container's end, where
 * anybody who may configure its network could remove a filter. One hook serves where the other is refused.
 */
static int interface__attach(const struct isolation_place *place,
			     const struct isolation_record *record, const int *programs)
{
	enum isolation_hook first = ISOLATION_HOOK_CLSACT, second = ISOLATION_HOOK_TCX;
	int error;

	if (place->side == ISOLATION_SIDE_CONTAINER || tcx__has(place->ifindex, true, 0) ||
	    tcx__has(place->ifindex, false, 0) || getenv("POUNCE_PROBE_TCX")) {
		first = ISOLATION_HOOK_TCX;
		second = ISOLATION_HOOK_CLSACT;
	}
	error = interface__attach_at(first, place, record, programs);
	if (error && error != -EPERM && error != -ENODEV) {
		interface__release(place, record);
		error = interface__attach_at(second, place, record, programs);
	}
	return error;
}

static bool interface__is_cut(const struct isolation_place *place,
			      const struct isolation_record *record)
{
	int ingress;

	for (ingress = 0; ingress < 2; ingress++) {
		uint32_t id = record->programs[program_at(place, ingress)];

		if (!tcx__has(place->ifindex, ingress, id) &&
		    !clsact__has(place->ifindex, ingress, record->tc_handle, id))
			return false;
	}
	return true;
}

static int cgroup__change(const struct isolation_record *record, const int *programs, bool attach)
{
	int fd = open(record->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = 0;
	size_t i;

	if (fd < 0)
		return attach || errno != ENOENT ? -errno : 0;
	for (i = 0; i < CGROUP_HOOKS && !(attach && result); i++) {
		int program =
			attach ? programs[cgroup_hooks[i].program]
			       : bpf_prog_get_fd_by_id(record->programs[cgroup_hooks[i].program]);

		if (program < 0)
			continue;
		if (attach) {
			result = bpf_prog_attach(program, fd, cgroup_hooks[i].type,
						 BPF_F_ALLOW_MULTI);
		} else {
			int error = bpf_prog_detach2(program, fd, cgroup_hooks[i].type);

			if (error && error != -ENOENT)
				result = error;
			close(program);
		}
	}
	close(fd);
	return result;
}

static bool cgroup__is_cut(const struct isolation_record *record)
{
	int fd = open(record->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool cut = fd >= 0;
	size_t i;

	for (i = 0; cut && i < CGROUP_HOOKS; i++)
		cut = is_attached(fd, cgroup_hooks[i].type,
				  record->programs[cgroup_hooks[i].program]);
	if (fd >= 0)
		close(fd);
	return cut;
}

static int fill(const struct isolate_bpf *bpf, const struct isolation_rules *rules)
{
	uint8_t one = 1;
	int error = 0;
	size_t i;

	for (i = 0; !error && i < rules->allowed4_count; i++)
		error = bpf_map_update_elem(bpf_map__fd(bpf->maps.allowed4), &rules->allowed4[i],
					    &one, BPF_ANY);
	for (i = 0; !error && i < rules->allowed6_count; i++)
		error = bpf_map_update_elem(bpf_map__fd(bpf->maps.allowed6), &rules->allowed6[i],
					    &one, BPF_ANY);
	for (i = 0; !error && i < rules->resolver_count; i++)
		error = bpf_map_update_elem(bpf_map__fd(bpf->maps.resolvers), &rules->resolvers[i],
					    &one, BPF_ANY);
	return error;
}

static bool reaches_version6(const struct isolation_rules *rules)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	size_t i;

	for (i = 0; i < rules->resolver_count; i++)
		if (memcmp(rules->resolvers[i].address, mapped, sizeof(mapped)))
			return true;
	return rules->allowed6_count > 0;
}

static uint64_t boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static int isolation__attach(struct isolation_record *record, const int *network_fds,
			     const int *programs)
{
	uint32_t i;
	int error = 0;

	for (i = 0; !error && i < record->places; i++) {
		struct isolation_place *place = &record->place[i];

		if (place->side == ISOLATION_SIDE_CGROUP) {
			error = cgroup__change(record, programs, true);
			continue;
		}
		error = network__enter(network_fds[i]);
		if (!error)
			error = interface__attach(place, record, programs);
	}
	network__enter(network__own());
	return error;
}

int isolation__begin(struct isolation_record *record, const int *network_fds,
		     const struct isolation_rules *rules, const char **ret_step)
{
	struct isolate_bpf *bpf = isolate_bpf__open();
	int programs[ISOLATION_PROGRAMS];
	bool interfaces = false, cgroup = false;
	uint32_t zero = 0, i;
	int error;

	*ret_step = "load the programs";
	if (!bpf)
		return -errno;
	for (i = 0; i < record->places; i++) {
		cgroup |= record->place[i].side == ISOLATION_SIDE_CGROUP;
		interfaces |= record->place[i].side != ISOLATION_SIDE_CGROUP;
	}
	struct bpf_program *all[ISOLATION_PROGRAMS] = {
		[ISOLATION_OUT] = bpf->progs.pounce_out,
		[ISOLATION_IN] = bpf->progs.pounce_in,
		[ISOLATION_EGRESS] = bpf->progs.pounce_egress,
		[ISOLATION_INGRESS] = bpf->progs.pounce_ingress,
		[ISOLATION_CONNECT4] = bpf->progs.pounce_connect4,
		[ISOLATION_CONNECT6] = bpf->progs.pounce_connect6,
		[ISOLATION_SENDMSG4] = bpf->progs.pounce_sendmsg4,
		[ISOLATION_SENDMSG6] = bpf->progs.pounce_sendmsg6,
	};

	for (i = 0; i < ISOLATION_PROGRAMS; i++)
		bpf_program__set_autoload(all[i], i <= ISOLATION_IN ? interfaces : cgroup);
	bpf->rodata->neighbours6 = reaches_version6(rules);
	bpf->rodata->loopback = rules->loopback;
	error = isolate_bpf__load(bpf);
	if (!error) {
		*ret_step = "fill the list of what may pass";
		error = fill(bpf, rules);
	}
	for (i = 0; !error && i < ISOLATION_PROGRAMS; i++) {
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);

		record->programs[i] = 0;
		if (!bpf_program__autoload(all[i]))
			continue;
		programs[i] = bpf_program__fd(all[i]);
		error = bpf_obj_get_info_by_fd(programs[i], &info, &size);
		record->programs[i] = info.id;
		/* No program looks into it, and it shall live as long as one of them. */
		if (!error)
			error = bpf_prog_bind_map(programs[i], bpf_map__fd(bpf->maps.pounce_cut_1),
						  NULL);
	}
	if (!error) {
		record->since = boottime();
		record->tc_handle = digest(record->since, record->key, strlen(record->key)) | 1;
		/* Before anything is attached: if we are killed in between, what is there can be found. */
		*ret_step = "write down what is done";
		error = bpf_map_update_elem(bpf_map__fd(bpf->maps.pounce_cut_1), &zero, record,
					    BPF_ANY);
	}
	if (!error) {
		*ret_step = "attach the programs";
		error = isolation__attach(record, network_fds, programs);
		if (error)
			isolation__end(record);
	}
	if (!error && isolation__places_in_force(record) != record->places) {
		*ret_step = "find what was attached";
		isolation__end(record);
		error = -EIO;
	}
	isolate_bpf__destroy(bpf);
	return error;
}

static bool place__is_cut(const struct isolation_record *record,
			  const struct isolation_place *place)
{
	bool cut;
	int fd;

	if (place->side == ISOLATION_SIDE_CGROUP)
		return cgroup__is_cut(record);
	fd = network__open(place->netns_inode, place->netns_cookie);
	if (fd < 0)
		return false;
	cut = interface__is_cut(place, record);
	close(fd);
	network__enter(network__own());
	return cut;
}

uint32_t isolation__places_in_force(const struct isolation_record *record)
{
	uint32_t i, count = 0;

	for (i = 0; i < record->places; i++)
		count += place__is_cut(record, &record->place[i]);
	return count;
}

int isolation__end(const struct isolation_record *record)
{
	uint32_t i;
	int left = 0;

	for (i = 0; i < record->places; i++) {
		const struct isolation_place *place = &record->place[i];
		int fd, error;

		if (place->side == ISOLATION_SIDE_CGROUP) {
			left += cgroup__change(record, NULL, false) != 0;
			continue;
		}
		fd = network__open(place->netns_inode, place->netns_cookie);
		if (fd < 0) {
			left++;
			continue;
		}
		error = interface__release(place, record);
		left += error != 0;
		close(fd);
		network__enter(network__own());
	}
	return left;
}

bool isolation__counters(const struct isolation_record *record,
			 struct isolation_counters *ret_counters)
{
	int cpus = libbpf_num_possible_cpus(), program = -1, i, cpu;
	uint32_t zero = 0, maps[16];
	struct bpf_prog_info info = {.nr_map_ids = 16, .map_ids = (uintptr_t)maps};
	__u32 size = sizeof(info);
	bool found = false;

	for (i = 0; program < 0 && i < ISOLATION_PROGRAMS; i++)
		if (record->programs[i])
			program = bpf_prog_get_fd_by_id(record->programs[i]);
	if (program < 0 || cpus < 1)
		return false;
	if (bpf_obj_get_info_by_fd(program, &info, &size))
		info.nr_map_ids = 0;
	close(program);
	for (i = 0; !found && i < (int)info.nr_map_ids && i < 16; i++) {
		struct bpf_map_info map = {};
		int fd = bpf_map_get_fd_by_id(maps[i]);

		size = sizeof(map);
		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &map, &size) && !strcmp(map.name, "counters") &&
		    map.value_size == sizeof(*ret_counters)) {
			struct isolation_counters *all = calloc(cpus, sizeof(*all));

			if (all && !bpf_map_lookup_elem(fd, &zero, all)) {
				*ret_counters = (struct isolation_counters){};
				for (cpu = 0; cpu < cpus; cpu++) {
					ret_counters->passed += all[cpu].passed;
					ret_counters->dropped += all[cpu].dropped;
				}
				found = true;
			}
			free(all);
		}
		close(fd);
	}
	return found;
}

int isolation__each(int (*found)(const struct isolation_record *record, void *context),
		    void *context)
{
	struct isolation_record *record = malloc(sizeof(*record));
	uint32_t id = 0, zero = 0;
	int result = record ? 0 : -ENOMEM;

	while (!result && !bpf_map_get_next_id(id, &id)) {
		struct bpf_map_info info = {};
		__u32 size = sizeof(info);
		int fd = bpf_map_get_fd_by_id(id);

		if (fd < 0) {
			if (errno != ENOENT)
				result = -errno;
			continue;
		}
		if (!bpf_obj_get_info_by_fd(fd, &info, &size) &&
		    !strcmp(info.name, ISOLATION_MAP) && info.value_size == sizeof(*record) &&
		    !bpf_map_lookup_elem(fd, &zero, record) && record->key[0])
			result = found(record, context);
		close(fd);
	}
	if (!result && errno != ENOENT)
		result = -errno;
	free(record);
	return result;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Every packet of a container passes one of the interfaces of its network, and most of those are one end of a pair
 * whose other end the node has. That end is where it is cut off: nothing in the container can reach it, no
 * control group is needed, and it does not matter which process sends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <linux/openat2.h>

#include "container.h"
#include "isolate.h"
#include "isolation.h"
#include "json.h"
#include "outlets.h"

/* At one hook there is room for 64 programs, of which this many may be ours. */
#define ISOLATIONS_MAX 8

#define RESOLV_CONF_BYTES (16 * 1024)

struct plan {
	const char *cgroup, *key, *id;
	struct container container;
	struct isolation_record record;
	int network_fds[ISOLATION_PLACES];
	struct isolation_rules rules;
	char dns_problem
		[256]; /* why the name service is not let through although it was asked for */
};

static void key(const char *name)
{
	printf(",\"%s\":", name);
}

static void print_text(const char *name, const char *text)
{
	key(name);
	json__print_string(stdout, text, strlen(text));
}

static int answer(enum isolate_exit exit, const char *word, const char *format, ...)
{
	char reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	printf("{\"answer\":\"%s\"", word);
	print_text("reason", reason);
	puts("}");
	return exit;
}

static const char *side_name(enum isolation_side side)
{
	return side == ISOLATION_SIDE_NODE        ? "node"
	       : side == ISOLATION_SIDE_CONTAINER ? "container"
						  : "cgroup";
}

static void print_record(const struct isolation_record *record)
{
	uint32_t i;

	print_text("key", record->key);
	print_text("container", record->container);
	printf(",\"rules\":\"%016llx\",\"places\":[", record->rules);
	for (i = 0; i < record->places; i++) {
		const struct isolation_place *place = &record->place[i];

		printf("%s{\"side\":\"%s\"", i ? "," : "", side_name(place->side));
		if (place->side == ISOLATION_SIDE_CGROUP)
			print_text("cgroup", record->cgroup);
		else
			print_text("interface", place->interface);
		printf("}");
	}
	printf("]");
}

static void plan__print(const struct plan *plan, const char *word)
{
	char text[INET6_ADDRSTRLEN];
	size_t i;

	printf("{\"answer\":\"%s\"", word);
	print_record(&plan->record);
	printf(",\"processes\":%zu,\"inNodeNetwork\":%zu,\"sharedWith\":[", plan->container.count,
	       plan->container.in_node_network);
	for (i = 0; i < plan->container.sharer_count; i++) {
		if (i)
			putchar(',');
		json__print_string(stdout, plan->container.sharers[i],
				   strlen(plan->container.sharers[i]));
	}
	printf("],\"resolvers\":[");
	for (i = 0; i < plan->rules.resolver_count; i++) {
		const uint8_t *address = plan->rules.resolvers[i].address;
		static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
		bool four = !memcmp(address, mapped, 12);

		inet_ntop(four ? AF_INET : AF_INET6, four ? address + 12 : address, text,
			  sizeof(text));
		printf("%s\"%s\"", i ? "," : "", text);
	}
	printf("]");
	if (plan->dns_problem[0])
		print_text("dnsProblem", plan->dns_problem);
	puts("}");
}

static int plan__add(struct plan *plan, enum isolation_side side, const struct network *network,
		     uint32_t ifindex, const char *interface)
{
	struct isolation_place *place = &plan->record.place[plan->record.places];

	if (plan->record.places == ISOLATION_PLACES)
		return -E2BIG;
	*place = (struct isolation_place){.side = side, .ifindex = ifindex};
	snprintf(place->interface, sizeof(place->interface), "%s", interface);
	if (network) {
		place->netns_cookie = network->cookie;
		place->netns_inode = network->inode;
		plan->network_fds[plan->record.places] = network->fd;
	}
	plan->record.places++;
	return 0;
}

/* Where to cut the interfaces of one of the container's networks. */
static int plan__add_network(struct plan *plan, const struct network *network)
{
	struct outlet outlets[ISOLATION_PLACES];
	int count = outlets__find(&plan->container, network, outlets, ISOLATION_PLACES);
	int i, error = 0;

	if (count > ISOLATION_PLACES)
		return -E2BIG;
	for (i = 0; !error && i < count; i++)
		error = plan__add(plan,
				  outlets[i].network->of_node ? ISOLATION_SIDE_NODE
							      : ISOLATION_SIDE_CONTAINER,
				  outlets[i].network, outlets[i].index, outlets[i].name);
	return count < 0 ? count : error;
}

/*
 * The container's own /etc/resolv.conf, opened so that no symbolic link leads out of its root. Whoever is root in the
 * container may write to it, and would name a name server of its own: so it counts only if nobody has changed
 * it since the container began. Its change time is the kernel's, nobody can set it.
 */
static void plan__read_resolvers(struct plan *plan)
{
	struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	struct timespec real, boot;
	char path[64], text[RESOLV_CONF_BYTES];
	struct stat stat_;
	int root, fd = -1;
	ssize_t size = -1;
	double started;
	char *line, *rest = NULL;

	snprintf(path, sizeof(path), "/proc/%d/root", plan->container.eldest);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0)
		fd = syscall(SYS_openat2, root, "etc/resolv.conf", &how, sizeof(how));
	if (fd < 0 || fstat(fd, &stat_) || !S_ISREG(stat_.st_mode) ||
	    (size = read(fd, text, sizeof(text) - 1)) < 0)
		snprintf(plan->dns_problem, sizeof(plan->dns_problem),
			 "its /etc/resolv.conf cannot be read");
	if (root >= 0)
		close(root);
	if (fd >= 0)
		close(fd);
	if (size < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	started = real.tv_sec - boot.tv_sec + (real.tv_nsec - boot.tv_nsec) / 1e9 +
		  (double)plan->container.eldest_ticks / sysconf(_SC_CLK_TCK);
	if (stat_.st_ctim.tv_sec + stat_.st_ctim.tv_nsec / 1e9 > started) {
		snprintf(plan->dns_problem, sizeof(plan->dns_problem),
			 "its /etc/resolv.conf was changed after it had started, and may name "
			 "anybody");
		return;
	}
	text[size] = '\0';
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char address[INET6_ADDRSTRLEN];

		if (sscanf(line, " nameserver %45s", address) == 1 && strncmp(address, "127.", 4))
			rules__add_resolver(&plan->rules, address);
	}
	if (!plan->rules.resolver_count)
		snprintf(plan->dns_problem, sizeof(plan->dns_problem),
			 "its /etc/resolv.conf names no name server");
}

/* Asked for before anything is promised: a rehearsal needs less than what it rehearses. NULL if none is missing. */
static const char *missing_right(void)
{
	static const struct {
		int capability;
		const char *name;
	} needed[] = {{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		      {CAP_SYS_ADMIN, "CAP_SYS_ADMIN"},
		      {CAP_SYS_PTRACE, "CAP_SYS_PTRACE"}};
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = {};
	size_t i;

	if (syscall(SYS_capget, &header, has))
		return NULL;
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!(has[CAP_TO_INDEX(needed[i].capability)].effective &
		      CAP_TO_MASK(needed[i].capability)))
			return needed[i].name;
	return NULL;
}

struct search {
	const struct isolation_record *wanted;
	bool beside;                  /* what others have in force does not do instead */
	struct isolation_record so;   /* in force already, with the same rules at the same places */
	struct isolation_record half; /* of the same key, but not all that is wanted */
	uint32_t others;              /* of the same container */
};

static bool has_places_of(const struct isolation_record *record,
			  const struct isolation_record *wanted)
{
	uint32_t i, j;

	for (i = 0; i < wanted->places; i++) {
		for (j = 0; j < record->places; j++)
			if (record->place[j].side == wanted->place[i].side &&
			    record->place[j].ifindex == wanted->place[i].ifindex &&
			    record->place[j].netns_cookie == wanted->place[i].netns_cookie)
				break;
		if (j == record->places)
			return false;
	}
	return true;
}

static int look(const struct isolation_record *record, void *context)
{
	struct search *search = context;
	bool is_ours = !strcmp(record->key, search->wanted->key);
	uint32_t in_force;

	if (strcmp(record->container, search->wanted->container))
		return 0;
	in_force = isolation__places_in_force(record);
	if (in_force == record->places && has_places_of(record, search->wanted) &&
	    record->rules == search->wanted->rules && (is_ours || !search->beside))
		search->so = *record;
	else if (is_ours)
		search->half = *record;
	else
		search->others += in_force > 0;
	return 0;
}

/* Finds everything out and changes nothing. 0, or the exit code when the answer has been given. */
static int plan__make(struct plan *plan, bool dns)
{
	struct container *container = &plan->container;
	size_t i, own_networks = 0;
	int error = container__find(container, plan->cgroup);

	if (error == -ESRCH)
		return answer(ISOLATE_GONE, "gone", "no process is in control group %s",
			      plan->cgroup);
	if (error)
		return answer(ISOLATE_FAILED, "failed",
			      "cannot look at the container's processes: %s", strerror(-error));
	for (i = 0; !error && i < container->network_count; i++) {
		const struct network *network = &container->networks[i];

		if (network->of_node || !network->member)
			continue;
		own_networks++;
		error = plan__add_network(plan, network);
	}
	if (!error &&
	    container__unified(container, plan->record.cgroup, sizeof(plan->record.cgroup)))
		error = plan__add(plan, ISOLATION_SIDE_CGROUP, NULL, 0, "");
	if (error)
		return answer(ISOLATE_FAILED, "failed",
			      "cannot find out how the container is connected: %s",
			      strerror(-error));
	plan->rules.loopback = !container->in_node_network;
	if (!plan->record.places && !own_networks)
		return answer(
			ISOLATE_REFUSED, "refused",
			"it is in the network of its node, and in no control group of version 2 "
			"by which it could be told from the node's own processes");
	if (!plan->record.places)
		return answer(ISOLATE_REFUSED, "refused",
			      "its network has no interface beyond itself: it is not connected");
	if (dns)
		plan__read_resolvers(plan);
	plan->record.rules = rules__digest(&plan->rules);
	return 0;
}

static int plan__carry_out(struct plan *plan)
{
	const char *step;
	int error;

	if (!container__is_alive(&plan->container))
		return answer(ISOLATE_GONE, "gone", "all its processes have ended meanwhile");
	error = isolation__begin(&plan->record, plan->network_fds, &plan->rules, &step);
	if (error)
		return answer(ISOLATE_FAILED, "failed", "cannot %s: %s", step, strerror(-error));
	plan__print(plan, "isolated");
	return ISOLATE_DONE;
}

static int bad_option(const char *what, const char *found)
{
	fprintf(stderr, "pounce-probe: %s, not '%s'; pounce-probe --help tells what there is\n",
		what, found);
	return ISOLATE_USAGE;
}

static bool copy(char *to, size_t size, const char *from)
{
	return from && *from && snprintf(to, size, "%s", from) < (int)size;
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN && getenv("POUNCE_PROBE_VERBOSE"))
		vfprintf(stderr, format, args);
	return 0;
}

enum option_code {
	OPTION_CGROUP = 1,
	OPTION_CONTAINER,
	OPTION_KEY,
	OPTION_ALLOW,
	OPTION_DNS,
	OPTION_BESIDE,
	OPTION_ASK,
	OPTION_DRY_RUN,
};

static const struct option isolate_options[] = {
	{"cgroup", required_argument, NULL, OPTION_CGROUP},
	{"container", required_argument, NULL, OPTION_CONTAINER},
	{"key", required_argument, NULL, OPTION_KEY},
	{"allow", required_argument, NULL, OPTION_ALLOW},
	{"dns", no_argument, NULL, OPTION_DNS},
	{"beside", no_argument, NULL, OPTION_BESIDE},
	{"ask", no_argument, NULL, OPTION_ASK},
	{"dry-run", no_argument, NULL, OPTION_DRY_RUN},
	{},
};

int isolate__run(int argc, char **argv)
{
	static struct plan plan;
	static struct search search;
	bool dns = false, beside = false, ask = false, dry_run = false;
	const char *missing;
	char sign[8];
	int option, exit;

	libbpf_set_print(quiet);
	while ((option = getopt_long(argc, argv, "", isolate_options, NULL)) != -1) {
		switch (option) {
		case OPTION_CGROUP:
			plan.cgroup = optarg;
			break;
		case OPTION_CONTAINER:
			if (!copy(plan.record.container, sizeof(plan.record.container), optarg))
				return bad_option("--container takes an id of at most 127 bytes",
						  optarg);
			break;
		case OPTION_KEY:
			if (!copy(plan.record.key, sizeof(plan.record.key), optarg))
				return bad_option("--key takes at most 63 bytes", optarg);
			break;
		case OPTION_ALLOW:
			if (!rules__allow(&plan.rules, optarg))
				return bad_option(
					"--allow takes an address or a range (at most 1024 "
					"of them)",
					optarg);
			break;
		case OPTION_DNS:
			dns = true;
			break;
		case OPTION_BESIDE:
			beside = true;
			break;
		case OPTION_ASK:
			ask = true;
			break;
		case OPTION_DRY_RUN:
			dry_run = true;
			break;
		default:
			return ISOLATE_USAGE;
		}
	}
	/* A directory that everything is below of would be the node. */
	if (!plan.cgroup || !strchr(plan.cgroup, ':') || !strrchr(plan.cgroup, '/') ||
	    !strrchr(plan.cgroup, '/')[1])
		return bad_option("--cgroup takes CONTROLLERS:/PATH as /proc/PID/cgroup has it",
				  plan.cgroup ? plan.cgroup : "");
	if (!plan.record.container[0] || !plan.record.key[0])
		return bad_option("isolate takes --cgroup, --container and --key", "less");

	missing = missing_right();
	if (missing)
		return answer(ISOLATE_FAILED, "failed",
			      "%s is missing (it takes CAP_NET_ADMIN, CAP_SYS_ADMIN and "
			      "CAP_SYS_PTRACE)",
			      missing);
	exit = plan__make(&plan, dns);
	if (exit)
		return exit;
	search = (struct search){.wanted = &plan.record, .beside = beside};
	exit = isolation__each(look, &search);
	if (exit)
		return answer(ISOLATE_FAILED, "failed",
			      "cannot look at what is cut off already: %s", strerror(-exit));
	if (search.so.places) {
		memcpy(&plan.record, &search.so, sizeof(plan.record));
		plan__print(&plan, "already");
		return ISOLATE_DONE;
	}
	if (search.others >= ISOLATIONS_MAX)
		return answer(ISOLATE_REFUSED, "refused", "it is cut off %u times already",
			      search.others);
	if (ask || dry_run) {
		plan__print(&plan, "planned");
		fflush(stdout);
	}
	if (dry_run)
		return ISOLATE_DONE;
	if (ask && (!fgets(sign, sizeof(sign), stdin) || strcmp(sign, "go\n")))
		return answer(ISOLATE_FAILED, "failed", "it was not told to go on");
	exit = plan__carry_out(&plan);
	/* Half of one, from a run that was killed, or one from before it was connected otherwise: only now. */
	if (!exit && search.half.places)
		isolation__end(&search.half);
	return exit;
}

struct ending {
	const char *key;
	int ended, left;
};

static int end_if_same(const struct isolation_record *record, void *context)
{
	struct ending *ending = context;
	bool in_force;
	int left;

	if (strcmp(record->key, ending->key))
		return 0;
	/* The kernel keeps the record of one that was just ended for a moment. */
	in_force = isolation__places_in_force(record) > 0;
	left = isolation__end(record);
	ending->left += left;
	ending->ended += in_force || left;
	return 0;
}

int release__run(int argc, char **argv)
{
	struct ending ending = {};
	int option, error;

	libbpf_set_print(quiet);
	while ((option = getopt_long(argc, argv, "", isolate_options, NULL)) != -1) {
		if (option != OPTION_KEY)
			return option == '?' ? ISOLATE_USAGE
					     : bad_option("release takes --key", argv[optind - 1]);
		ending.key = optarg;
	}
	if (!ending.key)
		return bad_option("release takes --key", "less");
	error = isolation__each(end_if_same, &ending);
	if (error)
		return answer(ISOLATE_FAILED, "failed", "cannot look at what is cut off: %s",
			      strerror(-error));
	if (ending.left)
		return answer(ISOLATE_FAILED, "failed",
			      "%d of its interfaces could not be reached, and stay cut off",
			      ending.left);
	printf("{\"answer\":\"%s\"}\n", ending.ended ? "released" : "nothing");
	return ISOLATE_DONE;
}

static int print_found(const struct isolation_record *record, void *context)
{
	const char *container = context;
	struct isolation_counters counters;
	struct timespec now;
	uint32_t in_force;

	if (container && strcmp(record->container, container))
		return 0;
	/* One that has just been ended is in the kernel for some milliseconds more. */
	in_force = isolation__places_in_force(record);
	if (!in_force)
		return 0;
	clock_gettime(CLOCK_BOOTTIME, &now);
	printf("{\"answer\":\"isolated\"");
	print_record(record);
	printf(",\"inForce\":%u,\"seconds\":%llu", in_force,
	       now.tv_sec - record->since / 1000000000u);
	if (isolation__counters(record, &counters))
		printf(",\"passed\":%llu,\"dropped\":%llu", counters.passed, counters.dropped);
	puts("}");
	return 0;
}

int isolated__run(int argc, char **argv)
{
	const char *container = NULL;
	int option, error;

	libbpf_set_print(quiet);
	while ((option = getopt_long(argc, argv, "", isolate_options, NULL)) != -1) {
		if (option != OPTION_CONTAINER)
			return option == '?'
				       ? ISOLATE_USAGE
				       : bad_option("isolated takes --container", argv[optind - 1]);
		container = optarg;
	}
	error = isolation__each(print_found, (void *)container);
	return error ? answer(ISOLATE_FAILED, "failed", "cannot look at what is cut off: %s",
			      strerror(-error))
		     : ISOLATE_DONE;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that a process asked for. Included by syscall.bpf.c: connect is a system call like the
 * others, but what it did stands in the socket.
 */

#define SUN_PATH_OFFSET 2   /* offsetof(struct sockaddr_un, sun_path) */
#define SUN_PATH_MAX    108 /* its size */

struct user_address { /* what of a struct sockaddr_in or sockaddr_in6 is of interest */
	__u16 family;
	__be16 port;
	__u8 in4[4]; /* sockaddr_in6 has its flow label here */
	__u8 in6[16];
};

/*
 * A connect that failed has left nothing in its socket (TCP clears it again), so the address comes
 * from the caller's memory then. Another thread may have changed that since; but nothing was reached.
 */
static __always_inline void connect__fill_from_caller(struct probe_connect *connect, __u64 address)
{
	struct user_address user = {};

	bpf_probe_read_user(&user, sizeof(user), (void *)address);
	if (user.family == AF_INET) {
		connect->family = AF_INET;
		bpf_probe_read_user(&user, 8, (void *)address);
		__builtin_memcpy(connect->remote_address, user.in4, 4);
	} else if (user.family == AF_INET6) {
		connect->family = AF_INET6;
		__builtin_memcpy(connect->remote_address, user.in6, 16);
	}
	connect->remote_port = bpf_ntohs(user.port);
}

/* The name that the peer is bound to; an abstract one begins with a NUL and has no other end. */
static __always_inline __u16 unix__append_name(struct scratch *scratch, const struct call *call,
					       struct sock *sk)
{
	char *name = frame__end(scratch);
	struct unix_address *address = NULL;
	__u64 length;
	int i;

	/* Where AF_UNIX is a module its types are unknown here, and the caller's memory must do. */
	if (bpf_core_type_exists(struct unix_sock)) {
		struct unix_sock *local = (void *)sk;
		struct unix_sock *peer = (void *)BPF_CORE_READ(local, peer);

		address = BPF_CORE_READ(peer, addr);
	}
	length = address ? (__u32)BPF_CORE_READ(address, len) : (__u32)call->arguments[2];
	length -= SUN_PATH_OFFSET;
	if (length > SUN_PATH_MAX)
		return 0;
	asm volatile("" : "+r"(length));
	length &= 127; /* the next power of two, for the verifier */
	if (address)
		bpf_probe_read_kernel(name, length,
				      (void *)address +
					      bpf_core_field_offset(struct unix_address, name) +
					      SUN_PATH_OFFSET);
	else
		bpf_probe_read_user(name, length, (void *)(call->arguments[1] + SUN_PATH_OFFSET));
	/* A path may be followed by its NUL and whatever else the caller had there. */
	if (length && *name) {
		for (i = 0; i < SUN_PATH_MAX; i++)
			if ((__u64)i >= length || !name[i])
				break;
		length = i;
	}
	scratch->size += length;
	return length;
}

static __always_inline void connect__report(const struct call *call, struct task_struct *task,
					    const struct filter_slot *filter,
					    struct scratch *scratch)
{
	struct probe_connect *connect = (struct probe_connect *)scratch->frame;
	struct file *file = task__file(task, call->arguments[0]);
	struct socket *socket;
	struct sock *sk;
	__u16 family;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6 &&
	    !(family == AF_UNIX && filter->flags & PROBE_FILTER_UNIX_CONNECT))
		return;

	__builtin_memset(connect, 0, sizeof(*connect));
	frame__begin(&connect->frame, PROBE_KIND_CONNECT);
	subject__fill(&connect->subject, task);
	connect->ret = call->result;
	scratch->size = sizeof(*connect);
	connect->fd = call->arguments[0];
	connect->family = family;
	if (family == AF_UNIX) {
		connect->path_len = unix__append_name(scratch, call, sk);
	} else {
		connect->protocol = BPF_CORE_READ(sk, sk_protocol);
		connect->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
		if (family == AF_INET)
			BPF_CORE_READ_INTO((__be32 *)connect->local_address, sk,
					   __sk_common.skc_rcv_saddr);
		else
			BPF_CORE_READ_INTO((struct in6_addr *)connect->local_address, sk,
					   __sk_common.skc_v6_rcv_saddr);
		if (call->result && call->result != -EINPROGRESS) {
			connect__fill_from_caller(connect, call->arguments[1]);
		} else {
			connect->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
			if (family == AF_INET)
				BPF_CORE_READ_INTO((__be32 *)connect->remote_address, sk,
						   __sk_common.skc_daddr);
			else
				BPF_CORE_READ_INTO((struct in6_addr *)connect->remote_address, sk,
						   __sk_common.skc_v6_daddr);
		}
	}
	connect->cgroup_len = cgroup__append(scratch, task);
	frame__send(scratch, filter, PROBE_KIND_CONNECT);
}

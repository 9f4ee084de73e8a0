// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cuts a container off from the network. Every packet is judged for itself, so a connection that is open is cut
 * with the next one; nothing is remembered, so there is nothing to fill up.
 *
 * What passes: packets from and to addresses that the isolation allows; to port 53 of the named
 * resolvers, and their answers; address resolution on the link (ARP, and neighbour discovery where an IPv6 address
 * is allowed), without which nothing allowed could be reached. All else, also what cannot be read, is dropped.
 *
 * What passes here is handed on to the next program at the same hook, never accepted for good: several
 * isolations of one container cut whatever any of them cuts, and other programs keep their say.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "isolation_record.h"

/* TCX_NEXT and TCX_DROP, which are TC_ACT_UNSPEC and TC_ACT_SHOT: the same for clsact. */
#define TC_NEXT -1
#define TC_DROP 2

#define AF_INET  2
#define AF_INET6 10

#define IP_OFFSET          0x1fff
#define DNS_PORT           53
#define ND_FIRST           133 /* router solicitation, advertisement, */
#define ND_LAST            136 /* neighbour solicitation, advertisement */
#define ND_HOPS            255 /* nothing that was ever forwarded */
#define LOOPBACK_INTERFACE 1   /* in every network namespace */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct isolation_record);
} pounce_cut_1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ISOLATION_ALLOWED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct isolation_prefix4);
	__type(value, __u8);
} allowed4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, ISOLATION_ALLOWED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct isolation_prefix6);
	__type(value, __u8);
} allowed6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ISOLATION_RESOLVERS);
	__type(key, struct isolation_resolver);
	__type(value, __u8);
} resolvers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct isolation_counters);
} counters SEC(".maps");

const volatile bool neighbours6; /* some IPv6 address may be reached */
const volatile bool loopback;    /* the control group's loopback is its pod's own, not the node's */

static __always_inline bool allows4(__be32 address)
{
	struct isolation_prefix4 prefix = {.bits = 32};

	__builtin_memcpy(prefix.address, &address, 4);
	return bpf_map_lookup_elem(&allowed4, &prefix);
}

static __always_inline bool allows6(const void *address)
{
	struct isolation_prefix6 prefix = {.bits = 128};

	__builtin_memcpy(prefix.address, address, 16);
	return bpf_map_lookup_elem(&allowed6, &prefix);
}

static __always_inline bool is_resolver4(__be32 address)
{
	struct isolation_resolver resolver = {.address = {[10] = 0xff, [11] = 0xff}};

	__builtin_memcpy(resolver.address + 12, &address, 4);
	return bpf_map_lookup_elem(&resolvers, &resolver);
}

static __always_inline bool is_resolver6(const void *address)
{
	struct isolation_resolver resolver;

	__builtin_memcpy(resolver.address, address, 16);
	return bpf_map_lookup_elem(&resolvers, &resolver);
}

/* The other side's port is the name service's. UDP and TCP both begin with source and destination port. */
static __always_inline bool is_dns(struct __sk_buff *skb, __u8 protocol, __u32 offset, bool out)
{
	__be16 ports[2];

	if (protocol != IPPROTO_UDP && protocol != IPPROTO_TCP)
		return false;
	if (bpf_skb_load_bytes_relative(skb, offset, ports, sizeof(ports), BPF_HDR_START_NET))
		return false;
	return ports[out] == bpf_htons(DNS_PORT);
}

static __always_inline bool passes4(struct __sk_buff *skb, bool out)
{
	struct iphdr ip;
	__be32 remote;

	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET))
		return false;
	if (ip.version != 4 || ip.ihl < 5)
		return false;
	remote = out ? ip.daddr : ip.saddr;
	if (allows4(remote))
		return true;
	/* Only the first fragment has ports; the others of a long answer are lost, and TCP is asked. */
	return is_resolver4(remote) && !(ip.frag_off & bpf_htons(IP_OFFSET)) &&
	       is_dns(skb, ip.protocol, ip.ihl * 4, out);
}

static __always_inline bool is_neighbour_discovery(struct __sk_buff *skb, const struct ipv6hdr *ip)
{
	__u8 type;

	if (!neighbours6 || ip->nexthdr != IPPROTO_ICMPV6 || ip->hop_limit != ND_HOPS)
		return false;
	if (bpf_skb_load_bytes_relative(skb, sizeof(*ip), &type, 1, BPF_HDR_START_NET))
		return false;
	return type >= ND_FIRST && type <= ND_LAST;
}

static __always_inline bool passes6(struct __sk_buff *skb, bool out)
{
	struct ipv6hdr ip;
	const void *remote;

	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip), BPF_HDR_START_NET))
		return false;
	if (ip.version != 6)
		return false;
	remote = out ? &ip.daddr : &ip.saddr;
	return allows6(remote) || is_neighbour_discovery(skb, &ip) ||
	       (is_resolver6(remote) && is_dns(skb, ip.nexthdr, sizeof(ip), out));
}

static __always_inline bool count(bool passes)
{
	__u32 zero = 0;
	struct isolation_counters *counted = bpf_map_lookup_elem(&counters, &zero);

	if (counted && passes)
		counted->passed++;
	else if (counted)
		counted->dropped++;
	return passes;
}

/* A frame with a VLAN tag is nothing that a container sends on its own interface. */
static __always_inline int frame__judge(struct __sk_buff *skb, bool out)
{
	bool passes = false;

	if (!skb->vlan_present) {
		if (skb->protocol == bpf_htons(ETH_P_IP))
			passes = passes4(skb, out);
		else if (skb->protocol == bpf_htons(ETH_P_IPV6))
			passes = passes6(skb, out);
		else
			passes = skb->protocol == bpf_htons(ETH_P_ARP);
	}
	return count(passes) ? TC_NEXT : TC_DROP;
}

static __always_inline int socket_packet__judge(struct __sk_buff *skb, bool out)
{
	bool passes = false;

	if (loopback && skb->ifindex == LOOPBACK_INTERFACE)
		return 1;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		passes = passes4(skb, out);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		passes = passes6(skb, out);
	return count(passes);
}

SEC("tc")
int pounce_out(struct __sk_buff *skb)
{
	return frame__judge(skb, true);
}

SEC("tc")
int pounce_in(struct __sk_buff *skb)
{
	return frame__judge(skb, false);
}

SEC("cgroup_skb/egress")
int pounce_egress(struct __sk_buff *skb)
{
	return socket_packet__judge(skb, true);
}

SEC("cgroup_skb/ingress")
int pounce_ingress(struct __sk_buff *skb)
{
	return socket_packet__judge(skb, false);
}

/* So that a program is told at once (EPERM), rather than waiting for an answer that cannot come. */
static __always_inline int address4__judge(struct bpf_sock_addr *to)
{
	__be32 address = to->user_ip4;

	if (loopback && (address & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000))
		return 1;
	return allows4(address) || (is_resolver4(address) && to->user_port == bpf_htons(DNS_PORT));
}

static __always_inline int address6__judge(struct bpf_sock_addr *to)
{
	__u32 address[4] = {to->user_ip6[0], to->user_ip6[1], to->user_ip6[2], to->user_ip6[3]};

	if (!address[0] && !address[1] && address[2] == bpf_htonl(0xffff)) {
		if (loopback && (address[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000))
			return 1;
		return allows4(address[3]) ||
		       (is_resolver4(address[3]) && to->user_port == bpf_htons(DNS_PORT));
	}
	if (loopback && !address[0] && !address[1] && !address[2] && address[3] == bpf_htonl(1))
		return 1;
	return allows6(address) || (is_resolver6(address) && to->user_port == bpf_htons(DNS_PORT));
}

SEC("cgroup/connect4")
int pounce_connect4(struct bpf_sock_addr *to)
{
	return address4__judge(to);
}

SEC("cgroup/connect6")
int pounce_connect6(struct bpf_sock_addr *to)
{
	return address6__judge(to);
}

SEC("cgroup/sendmsg4")
int pounce_sendmsg4(struct bpf_sock_addr *to)
{
	return address4__judge(to);
}

SEC("cgroup/sendmsg6")
int pounce_sendmsg6(struct bpf_sock_addr *to)
{
	return address6__judge(to);
}

char LICENSE[] SEC("license") = "GPL";

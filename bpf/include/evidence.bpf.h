/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a packet may have been dropped: the route lookups made for it.
 *
 * A lookup knows no packet, only addresses. So each CPU remembers its last few, and a drop that follows on the same CPU, before other packets
 * have pushed them out, takes those for its own addresses, either way round (rp_filter looks up the way back). That is cheap: most lookups
 * lead to no drop. The time is told in jiffies, a plain load: a clock would cost more than all else.
 */
#ifndef HOPSCOPE_EVIDENCE_BPF_H
#define HOPSCOPE_EVIDENCE_BPF_H

#include "config.bpf.h"
#include "ip.bpf.h"
#include "maps.bpf.h"

#define EAGAIN 11
#define EINVAL 22
#define EACCES 13
#define ENETUNREACH 101
#define EHOSTUNREACH 113

/* The kernel's, from uapi/linux/rtnetlink.h. */
#define RTN_BLACKHOLE 6
#define RTN_UNREACHABLE 7
#define RTN_PROHIBIT 8
#define RTN_THROW 9
/* A miss there says that an address is not the machine's own, and is not worth a place. */
#define RT_TABLE_LOCAL 255

#define AF_INET 2
#define AF_INET6 10

static __always_inline struct lookup *next_lookup(void)
{
	__u32 zero = 0;
	struct lookups *mine = bpf_map_lookup_elem(&lookups, &zero);
	struct lookup *lookup;

	if (!mine)
		return NULL;
	lookup = &mine->last[mine->next++ & (REMEMBERED_LOOKUPS - 1)];
	lookup->jiffies = bpf_jiffies64();
	return lookup;
}

static __always_inline void copy_address(const struct in6_addr *from, __u8 *to)
{
#ifdef HOPSCOPE_TYPED
	((__u64 *)to)[0] = *(const __u64 *)&from->in6_u.u6_addr8[0];
	((__u64 *)to)[1] = *(const __u64 *)&from->in6_u.u6_addr8[8];
#else
	bpf_probe_read_kernel(to, 16, from);
#endif
}

static __always_inline void keep_next_hop(const struct fib_nh_common *hop, struct hop_fib_lookup *is)
{
	__u8 gateway_family = READ(hop, nhc_gw_family);

	is->oif = READ(hop, nhc_oif);
	if (gateway_family == AF_INET6 || gateway_family == AF_INET)
		copy_address(&hop->nhc_gw.ipv6, is->gateway);
	if (gateway_family == AF_INET)
		__builtin_memset(&is->gateway[4], 0, 12);
}

static __always_inline void keep_ipv4_lookup(__u32 table, const struct flowi4 *flow, const struct fib_nh_common *hop, int error)
{
	struct lookup *lookup;

	if (table == RT_TABLE_LOCAL && -error == EAGAIN)
		return;
	lookup = next_lookup();
	if (!lookup)
		return;
	__builtin_memset(&lookup->is, 0, sizeof(lookup->is));
	lookup->inum = 0;
	lookup->is.table = table;
	lookup->is.error = -error == EAGAIN ? ENETUNREACH : -error;
	lookup->is.family = 4;
	*(__u32 *)lookup->is.src = READ(flow, saddr);
	*(__u32 *)lookup->is.dst = READ(flow, daddr);
	/* Without an answer there is no next hop, or none that means anything. */
	if (error == 0 && hop) {
		const struct net_device *dev = READ(hop, nhc_dev);

		keep_next_hop(hop, &lookup->is);
		if (dev) {
			const struct net *net = READ(dev, nd_net.net);

			lookup->inum = READ(net, ns.inum);
		}
	}
}

/* As the kernel's fib6_prop: what a route of this type makes of a packet. */
static __always_inline __u32 error_of_route(__u8 type)
{
	switch (type) {
	case RTN_BLACKHOLE:
		return EINVAL;
	case RTN_UNREACHABLE:
		return EHOSTUNREACH;
	case RTN_PROHIBIT:
		return EACCES;
	case RTN_THROW:
		return ENETUNREACH;
	}
	return 0;
}

static __always_inline void keep_ipv6_lookup(const struct net *net, const struct fib6_result *result, const struct fib6_table *table,
					     const struct flowi6 *flow)
{
	/* The entry that stands for "no route". */
	bool is_missing = READ(result, f6i) == READ(net, ipv6.fib6_null_entry);
	const struct fib6_nh *hop = READ(result, nh);
	struct lookup *lookup;

	if (is_missing && READ(table, tb6_id) == RT_TABLE_LOCAL)
		return;
	lookup = next_lookup();
	if (!lookup)
		return;
	__builtin_memset(&lookup->is, 0, sizeof(lookup->is));
	lookup->is.table = READ(table, tb6_id);
	lookup->is.error = is_missing ? ENETUNREACH : error_of_route(READ(result, fib6_type));
	lookup->is.family = 6;
	copy_address(&flow->saddr, lookup->is.src);
	copy_address(&flow->daddr, lookup->is.dst);
	lookup->inum = READ(net, ns.inum);
	if (lookup->is.error == 0 && hop)
		keep_next_hop(&hop->nh_common, &lookup->is);
}

struct addresses {
	__u64 src[2];
	__u64 dst[2];
	__u32 family;
};

/* Of the IP header at `at`, an address; false when it is none. */
static __always_inline bool read_addresses(__u64 at, struct addresses *to)
{
	__u8 first = 0;

	__builtin_memset(to, 0, sizeof(*to));
	bpf_probe_read_kernel(&first, sizeof(first), (const void *)at);
	to->family = first >> 4;
	if (to->family == 4) {
		bpf_probe_read_kernel(to->src, 4, (const void *)(at + 12));
		bpf_probe_read_kernel(to->dst, 4, (const void *)(at + 16));
		return true;
	}
	bpf_probe_read_kernel(to->src, 32, (const void *)(at + 8));
	return to->family == 6;
}

static __always_inline bool is_address(const __u64 *address, const __u8 *is)
{
	return address[0] == ((const __u64 *)is)[0] && address[1] == ((const __u64 *)is)[1];
}

/* A lookup in the same jiffy or the one before: at most 8 ms ago where there are 250 in a second. */
static __always_inline bool is_lookup_for(const struct lookup *lookup, const struct addresses *packet, __u32 inum, bool from_here,
					  __u64 jiffies)
{
	/* A sender's own source address may be chosen by the lookup. In others, none means that only the kind of an address was asked for. */
	const __u64 *src = (const __u64 *)lookup->is.src;

	const struct hop_fib_lookup *is = &lookup->is;

	if (is->family != packet->family || jiffies - lookup->jiffies > 1 || (lookup->inum && lookup->inum != inum))
		return false;
	if (is_address(packet->dst, is->dst))
		return is_address(packet->src, is->src) || (from_here && !(src[0] | src[1]));
	return is_address(packet->src, is->dst) && is_address(packet->dst, is->src);
}

/*
 * Which of this CPU's lookups are for the packet with its IP header at `l3`: a bit for each place. A global function, which the verifier
 * checks once and whose answer is one number to it, not a case for each combination.
 */
__attribute__((noinline)) __u32 matching_lookups(__u64 l3, __u32 inum, __u32 from_here)
{
	__u32 zero = 0, found = 0;
	struct lookups *mine = bpf_map_lookup_elem(&lookups, &zero);
	__u64 jiffies = bpf_jiffies64();
	struct addresses packet;

	if (!mine || !read_addresses(l3, &packet))
		return 0;
	for (__u32 i = 0; i < REMEMBERED_LOOKUPS; i++)
		if (is_lookup_for(&mine->last[i], &packet, inum, from_here, jiffies))
			found |= 1u << i;
	return found;
}

#endif

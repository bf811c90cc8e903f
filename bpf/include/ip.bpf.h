/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From an IP header to the header that it carries, over options and extension headers. */
#ifndef HOPSCOPE_IP_BPF_H
#define HOPSCOPE_IP_BPF_H

#include "compat.bpf.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8

#define IPPROTO_ICMP 1
#define IPPROTO_IPIP 4
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41
#define IPPROTO_GRE 47
#define IPPROTO_ICMPV6 58

/* Each of the five kinds of IPv6 should stand once in a packet, destination options twice (RFC 8200, 4.1): six, and two to spare. */
#define EXTENSIONS_MAX 8

/* Offsets count from `head`, skb->head as a number. */
struct bytes {
	__u64 head;
	__u32 linear_end;
};

static __always_inline bool read_bytes(const struct bytes *bytes, __u32 at, void *to, __u32 count)
{
	return at + count <= bytes->linear_end && bpf_probe_read_kernel(to, count, (const void *)(bytes->head + at)) == 0;
}

static __always_inline bool is_tag(__u32 protocol)
{
	return protocol == ETHERTYPE_VLAN || protocol == ETHERTYPE_QINQ;
}

/* An EtherType that may have an IP header behind it. */
static __always_inline bool is_ip(__u32 protocol)
{
	return protocol == ETHERTYPE_IPV4 || protocol == ETHERTYPE_IPV6 || is_tag(protocol);
}

struct ipv4_start {
	__u8 version_ihl;
	__u8 tos;
	__be16 total_len;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 src;
	__be32 dst;
};

/*
 * What walk_ip answers, in one number, because that is all a global function may give; 0 = no IP header. The id is the one of IPv4, or
 * IPv6's flow label (NAT, routing and tunnels leave both alone); in a later fragment the fragment's, with its place mixed into the upper half.
 */
#define IP_FOUND (1ull << 63)
#define IP_LATER_FRAGMENT (1ull << 62)
#define IP_PROTOCOL(ip) ((__u32)((ip) >> 48) & 0xff)
#define IP_L4(ip) ((__u32)((ip) >> 32) & 0xffff)
#define IP_ID(ip) ((__u32)(ip))
#define IP_WALKED(protocol, l4, id) (IP_FOUND | (__u64)(protocol) << 48 | (__u64)((l4) & 0xffff) << 32 | (__u32)(id))

/*
 * Steps over the IP header at `l3` and what stands between it and the header it carries. A global function, which the verifier checks once
 * instead of once per call and path: inlined, it makes loading take seconds. Such a function may take and give only numbers.
 */
__attribute__((noinline)) __u64 walk_ip(__u64 head, __u32 linear_end, __u32 l3, __u32 v6)
{
	struct bytes bytes = { .head = head, .linear_end = linear_end };
	__u8 start[8]; /* version, class, flow label, payload length, next header, hop limit */
	__u32 at = l3 + 40;
	__u8 next;

	if (!v6) {
		struct ipv4_start ip;

		if (!read_bytes(&bytes, l3, &ip, sizeof(ip)) || ip.version_ihl >> 4 != 4 || (ip.version_ihl & 15) < 5)
			return 0;
		at = l3 + (ip.version_ihl & 15) * 4;
		/* A header that claims more than was received is none: behind it is foreign memory. */
		if (at > linear_end)
			return 0;
		if (ip.fragment & bpf_htons(0x1fff))
			return IP_LATER_FRAGMENT | IP_WALKED(ip.protocol, at, (__u32)ip.fragment << 16 | ip.id);
		return IP_WALKED(ip.protocol, at, ip.id);
	}
	if (!read_bytes(&bytes, l3, start, sizeof(start)) || start[0] >> 4 != 6)
		return 0;
	next = start[6];
	for (int i = 0; i <= EXTENSIONS_MAX; i++) {
		__u8 extension[8];
		__u8 kind = next;

		if (kind != 0 && kind != 43 && kind != 44 && kind != 51 && kind != 60)
			return IP_WALKED(kind, at, (__u32)(start[1] & 15) << 16 | start[2] << 8 | start[3]);
		if (!read_bytes(&bytes, at, extension, sizeof(extension)))
			return 0;
		next = extension[0];
		if (kind == 44) { /* fragment */
			at += 8;
			if (extension[2] | (extension[3] & 0xf8)) { /* not at offset 0: no L4 header here */
				__u32 id;

				__builtin_memcpy(&id, &extension[4], 4);
				return IP_LATER_FRAGMENT | IP_WALKED(next, at, id ^ id >> 16);
			}
		} else if (kind == 51) { /* authentication header: counted in 4-byte words */
			at += (extension[1] + 2) * 4;
		} else { /* hop-by-hop, routing, destination options: in 8-byte words */
			at += (extension[1] + 1) * 8;
		}
	}
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the ICMP header of a packet, or says at once that it is not for us.
 *
 * Which of the skb's own offsets can be trusted depends on the stage. On the way in, skb->data stands at the
 * network header, and network_header may be a leftover or not set yet; on the way out and at the end of life it is the other way round.
 * "MAC header + 14" is never assumed: VLAN tags may stand in between, and tunnels and tun devices have no MAC header.
 */
#ifndef HOPSCOPE_PARSE_BPF_H
#define HOPSCOPE_PARSE_BPF_H

#include "compat.bpf.h"
#include "hop_record.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8

#define IPPROTO_ICMP 1
#define IPPROTO_ICMPV6 58

#define NO_HEADER 0xffff

/* Offsets count from skb->head. */
struct packet {
	const unsigned char *head;
	__u32 l3;
	__u32 l4; /* NO_HEADER in a later fragment */
	__u32 end;
	__u32 linear_end;
	/* Stays the same for one packet through NAT, routing and tags, differs between packets; see identity.bpf.h. */
	__u32 fingerprint;
};

static __always_inline bool is_way_in(__u32 stage)
{
	return stage >= HOP_STAGE_netif_rx && stage <= HOP_STAGE_netif_receive_skb;
}

static __always_inline bool read_bytes(const struct packet *packet, __u32 at, void *to, __u32 bytes)
{
	return at + bytes <= packet->linear_end && bpf_probe_read_kernel(to, bytes, packet->head + at) == 0;
}

/* The ICMP header at packet->l4: accepts echo requests and replies. Errors are the caller's. */
struct icmp_start {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be16 id;
	__be16 seq;
};

static __always_inline bool is_echo(__u8 type, bool v6)
{
	return v6 ? type == 128 || type == 129 : type == 8 || type == 0;
}

static __always_inline bool is_error(__u8 type, bool v6)
{
	/* v4: unreachable, source quench, redirect, time exceeded, parameter problem. v6: 1 to 4. */
	return v6 ? type >= 1 && type <= 4 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
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

/* What walk_ipv6 answers, in one number; 0 = no ICMPv6 here. */
#define WALK_FOUND (1ull << 63)
#define WALK_LATER_FRAGMENT (1ull << 62)
#define WALK_L4(walk) ((__u32)((walk) >> 32) & 0xffff)
#define WALK_FRAGMENT_ID(walk) ((__u32)(walk))

/*
 * Steps over the IPv6 header at `l3` and the extension headers after it. A global function, which the verifier checks once instead of
 * once per call and path: inlined, it makes loading take seconds. Such a function may take and give only numbers.
 */
__attribute__((noinline)) __u64 walk_ipv6(__u64 head, __u32 linear_end, __u32 l3)
{
	struct packet packet = { .head = (const unsigned char *)head, .linear_end = linear_end };
	__u8 start[8]; /* version … payload length, next header, hop limit */
	__u32 fragment_id = 0;
	__u32 at = l3 + 40;
	__u8 next;

	if (!read_bytes(&packet, l3, start, sizeof(start)) || start[0] >> 4 != 6)
		return 0;
	next = start[6];
	for (int i = 0; i < 7; i++) {
		__u8 extension[8];
		__u8 kind = next;

		if (kind == IPPROTO_ICMPV6)
			return WALK_FOUND | (__u64)(at & 0xffff) << 32 | fragment_id;
		if (kind != 0 && kind != 43 && kind != 44 && kind != 51 && kind != 60)
			return 0;
		if (!read_bytes(&packet, at, extension, sizeof(extension)))
			return 0;
		next = extension[0];
		if (kind == 44) { /* fragment */
			__builtin_memcpy(&fragment_id, &extension[4], 4);
			at += 8;
			if (extension[2] | (extension[3] & 0xf8)) /* not at offset 0: no L4 header here */
				return next != IPPROTO_ICMPV6 ? 0 :
					       WALK_FOUND | WALK_LATER_FRAGMENT | (__u64)(at & 0xffff) << 32 |
						       fragment_id;
		} else if (kind == 51) { /* authentication header: counted in 4-byte words */
			at += (extension[1] + 2) * 4;
		} else { /* hop-by-hop, routing, destination options: in 8-byte words */
			at += (extension[1] + 1) * 8;
		}
	}
	return 0;
}

/* True when the headers that an ICMP error at packet->l4 quotes are those of an echo; sets packet->end behind them. */
static __always_inline bool quotes_echo(const struct sk_buff *skb, struct packet *packet, bool v6, __u32 *fingerprint)
{
	__u32 inner = packet->l4 + 8;
	__u32 inner_l4;
	struct icmp_start icmp;

	if (v6) {
		__u64 walk = walk_ipv6(read_head_address(skb), packet->linear_end, inner);

		if (!walk || (walk & WALK_LATER_FRAGMENT))
			return false;
		inner_l4 = WALK_L4(walk);
	} else {
		struct ipv4_start ip;

		if (!read_bytes(packet, inner, &ip, sizeof(ip)) || ip.version_ihl >> 4 != 4 ||
		    ip.protocol != IPPROTO_ICMP || (ip.fragment & bpf_htons(0x1fff)))
			return false;
		inner_l4 = inner + (ip.version_ihl & 15) * 4;
	}
	if (!read_bytes(packet, inner_l4, &icmp, sizeof(icmp)) || !is_echo(icmp.type, v6))
		return false;
	*fingerprint = icmp.seq;
	packet->end = inner_l4 + 8;
	return true;
}

static __always_inline bool accept_icmp(const struct sk_buff *skb, struct packet *packet, const struct icmp_start *icmp, bool v6,
					__u32 ip_id)
{
	__u32 quoted_seq = 0;

	if (is_echo(icmp->type, v6)) {
		packet->end = packet->l4 + 8;
		packet->fingerprint = ip_id << 16 ^ icmp->type << 24 ^ icmp->seq;
		return true;
	}
	if (!is_error(icmp->type, v6) || !quotes_echo(skb, packet, v6, &quoted_seq))
		return false;
	packet->fingerprint = ip_id << 16 ^ icmp->type << 24 ^ quoted_seq;
	return true;
}

static __always_inline bool parse_ipv4(const struct sk_buff *skb, struct packet *packet)
{
	/* Nearly always one after the other, and one copy is cheaper than two. */
	struct {
		struct ipv4_start ip;
		struct icmp_start icmp;
	} start;
	struct ipv4_start ip;
	__u32 ihl;
	bool both = read_bytes(packet, packet->l3, &start, sizeof(start));

	if (!both && !read_bytes(packet, packet->l3, &start, sizeof(start.ip)))
		return false;
	ip = start.ip;
	if (ip.version_ihl >> 4 != 4 || ip.protocol != IPPROTO_ICMP)
		return false;
	ihl = (ip.version_ihl & 15) * 4;
	if (ihl < 20)
		return false;
	packet->l4 = packet->l3 + ihl;
	if (ip.fragment & bpf_htons(0x1fff)) {
		/* Which echo a later fragment belongs to is said by its IP id alone. */
		packet->end = packet->l4;
		packet->l4 = NO_HEADER;
		packet->fingerprint = ip.id << 16 ^ ip.fragment;
		return true;
	}
	if (!(both && ihl == sizeof(start.ip)) && !read_bytes(packet, packet->l4, &start.icmp, sizeof(start.icmp)))
		return false;
	return accept_icmp(skb, packet, &start.icmp, false, ip.id);
}

static __always_inline bool parse_ipv6(const struct sk_buff *skb, struct packet *packet)
{
	__u64 walk = walk_ipv6(read_head_address(skb), packet->linear_end, packet->l3);
	struct icmp_start icmp;

	if (!walk)
		return false;
	packet->l4 = WALK_L4(walk);
	if (walk & WALK_LATER_FRAGMENT) {
		packet->end = packet->l4;
		packet->l4 = NO_HEADER;
		packet->fingerprint = WALK_FRAGMENT_ID(walk);
		return true;
	}
	if (!read_bytes(packet, packet->l4, &icmp, sizeof(icmp)))
		return false;
	return accept_icmp(skb, packet, &icmp, true, WALK_FRAGMENT_ID(walk));
}

/* True when the packet is an ICMP or ICMPv6 echo, or an ICMP error that quotes one. */
static __always_inline bool parse_packet(const struct sk_buff *skb, __u32 stage, struct packet *packet)
{
	__u16 protocol = bpf_ntohs(READ(skb, protocol));
	bool tagged = protocol == ETHERTYPE_VLAN || protocol == ETHERTYPE_QINQ;

	if (protocol != ETHERTYPE_IPV4 && protocol != ETHERTYPE_IPV6 && !tagged)
		return false;

	packet->head = READ(skb, head);
	packet->linear_end = READ(skb, tail);
	packet->l3 = is_way_in(stage) ? READ(skb, data) - packet->head : READ(skb, network_header);

	if (tagged && is_way_in(stage)) {
#pragma unroll
		for (int i = 0; i < 2; i++) {
			__be16 tag[2];

			if (!read_bytes(packet, packet->l3, tag, sizeof(tag)))
				return false;
			packet->l3 += 4;
			protocol = bpf_ntohs(tag[1]);
			if (protocol != ETHERTYPE_VLAN && protocol != ETHERTYPE_QINQ)
				break;
		}
	} else if (tagged) {
		__u8 version;

		if (!read_bytes(packet, packet->l3, &version, 1))
			return false;
		protocol = version >> 4 == 4 ? ETHERTYPE_IPV4 : version >> 4 == 6 ? ETHERTYPE_IPV6 : 0;
	}
	if (protocol == ETHERTYPE_IPV4)
		return parse_ipv4(skb, packet);
	if (protocol == ETHERTYPE_IPV6)
		return parse_ipv6(skb, packet);
	return false;
}

#endif

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

/* Steps over one IPv6 header and the extension headers after it. False = no ICMPv6 here. */
struct ipv6_walk {
	__u32 l4;
	__be32 fragment_id;
	bool later_fragment;
};

static __always_inline bool walk_ipv6(const struct packet *packet, __u32 l3, struct ipv6_walk *walk)
{
	__u8 start[8]; /* version … payload length, next header, hop limit */
	__u8 next;
	__u32 at = l3 + 40;

	if (!read_bytes(packet, l3, start, sizeof(start)) || start[0] >> 4 != 6)
		return false;
	next = start[6];
#pragma unroll
	for (int i = 0; i < 6; i++) {
		__u8 extension[8];

		if (next == IPPROTO_ICMPV6) {
			walk->l4 = at;
			return true;
		}
		if (next != 0 && next != 43 && next != 44 && next != 51 && next != 60)
			return false;
		if (!read_bytes(packet, at, extension, sizeof(extension)))
			return false;
		if (next == 44) { /* fragment */
			__u16 offset = (extension[2] << 8 | extension[3]) & 0xfff8;

			__builtin_memcpy(&walk->fragment_id, &extension[4], 4);
			if (offset != 0) {
				walk->later_fragment = extension[0] == IPPROTO_ICMPV6;
				walk->l4 = at + 8;
				return walk->later_fragment;
			}
			at += 8;
		} else if (next == 51) { /* authentication header: counted in 4-byte words */
			at += (extension[1] + 2) * 4;
		} else { /* hop-by-hop, routing, destination options: in 8-byte words */
			at += (extension[1] + 1) * 8;
		}
		next = extension[0];
	}
	return false;
}

/* True when the headers that an ICMP error at packet->l4 quotes are those of an echo; sets packet->end behind them. */
static __always_inline bool quotes_echo(struct packet *packet, bool v6, __u32 *fingerprint)
{
	__u32 inner = packet->l4 + 8;
	__u32 inner_l4;
	struct icmp_start icmp;

	if (v6) {
		struct ipv6_walk walk = {};

		if (!walk_ipv6(packet, inner, &walk) || walk.later_fragment)
			return false;
		inner_l4 = walk.l4;
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

static __always_inline bool parse_icmp(struct packet *packet, bool v6, __u32 ip_id)
{
	struct icmp_start icmp;
	__u32 quoted_seq = 0;

	if (!read_bytes(packet, packet->l4, &icmp, sizeof(icmp)))
		return false;
	if (is_echo(icmp.type, v6)) {
		packet->end = packet->l4 + 8;
		packet->fingerprint = ip_id << 16 ^ icmp.type << 24 ^ icmp.seq;
		return true;
	}
	if (!is_error(icmp.type, v6) || !quotes_echo(packet, v6, &quoted_seq))
		return false;
	packet->fingerprint = ip_id << 16 ^ icmp.type << 24 ^ quoted_seq;
	return true;
}

static __always_inline bool parse_ipv4(struct packet *packet)
{
	struct ipv4_start ip;
	__u32 ihl;

	if (!read_bytes(packet, packet->l3, &ip, sizeof(ip)) || ip.version_ihl >> 4 != 4 || ip.protocol != IPPROTO_ICMP)
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
	return parse_icmp(packet, false, ip.id);
}

static __always_inline bool parse_ipv6(struct packet *packet)
{
	struct ipv6_walk walk = {};

	if (!walk_ipv6(packet, packet->l3, &walk))
		return false;
	packet->l4 = walk.l4;
	if (walk.later_fragment) {
		packet->end = packet->l4;
		packet->l4 = NO_HEADER;
		packet->fingerprint = walk.fragment_id;
		return true;
	}
	return parse_icmp(packet, true, walk.fragment_id);
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
		return parse_ipv4(packet);
	if (protocol == ETHERTYPE_IPV6)
		return parse_ipv6(packet);
	return false;
}

#endif

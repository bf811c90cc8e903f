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
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_ICMPV6 58

/* Each of the five kinds of IPv6 should stand once in a packet, destination options twice (RFC 8200, 4.1): six, and two to spare. */
#define EXTENSIONS_MAX 8

/*
 * What parse_packet found, in one number, because that is all a global function may give; 0 = not for us. Distances beyond what a record
 * holds all read PARSED_FAR.
 */
#define PARSED(l3, l4, end, fingerprint)                                                                                   \
	((__u64)((l3) & 0xffff) << 48 | (__u64)parsed_distance((l4) - (l3)) << 40 | (__u64)parsed_distance((end) - (l3)) << 32 | \
	 (__u32)(fingerprint))
#define PARSED_L3(parsed) ((__u32)((parsed) >> 48))
#define PARSED_L3_TO_L4(parsed) ((__u32)((parsed) >> 40) & 0xff)
#define PARSED_L3_TO_END(parsed) ((__u32)((parsed) >> 32) & 0xff)
/* Stays the same for one packet through NAT, routing and tags, differs between packets; see identity.bpf.h. */
#define PARSED_FINGERPRINT(parsed) ((__u32)(parsed))
#define PARSED_FAR 255

static __always_inline __u32 parsed_distance(__u32 bytes)
{
	return bytes < PARSED_FAR ? bytes : PARSED_FAR;
}

/* Offsets count from `head`, skb->head as a number. */
struct packet {
	__u64 head;
	__u32 l3;
	__u32 linear_end;
};

static __always_inline bool is_tag(__u32 protocol)
{
	return protocol == ETHERTYPE_VLAN || protocol == ETHERTYPE_QINQ;
}

/* An EtherType that may have an IP header behind it. */
static __always_inline bool is_ip(__u32 protocol)
{
	return protocol == ETHERTYPE_IPV4 || protocol == ETHERTYPE_IPV6 || is_tag(protocol);
}

static __always_inline bool is_way_in(__u32 stage)
{
	return stage >= HOP_STAGE_netif_rx && stage <= HOP_STAGE_netif_receive_skb;
}

#define MAC_UNSET 0xffff
/* A MAC header with two VLAN tags; a larger distance means mac_header is a leftover. */
#define MAC_MAX_BYTES 22

/* Where the MAC header begins that ends at `end`; `end` when there is none. */
static __always_inline __u32 mac_or(__u32 mac_header, __u32 end)
{
	return mac_header != MAC_UNSET && mac_header < end && end - mac_header <= MAC_MAX_BYTES ? mac_header : end;
}

static __always_inline bool read_bytes(const struct packet *packet, __u32 at, void *to, __u32 bytes)
{
	return at + bytes <= packet->linear_end && bpf_probe_read_kernel(to, bytes, (const void *)(packet->head + at)) == 0;
}

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
	struct packet packet = { .head = head, .linear_end = linear_end };
	__u8 start[8]; /* version … payload length, next header, hop limit */
	__u32 fragment_id = 0;
	__u32 at = l3 + 40;
	__u8 next;

	if (!read_bytes(&packet, l3, start, sizeof(start)) || start[0] >> 4 != 6)
		return 0;
	next = start[6];
	for (int i = 0; i <= EXTENSIONS_MAX; i++) {
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

/* Where the headers end that an ICMP error at `l4` quotes, when they are those of an echo, which goes to `echo`; else 0. */
static __always_inline __u32 end_of_quoted_echo(const struct packet *packet, __u32 l4, bool v6, struct icmp_start *echo)
{
	__u32 inner = l4 + 8;
	__u32 inner_l4;

	if (v6) {
		__u64 walk = walk_ipv6(packet->head, packet->linear_end, inner);

		if (!walk || (walk & WALK_LATER_FRAGMENT))
			return 0;
		inner_l4 = WALK_L4(walk);
	} else {
		struct ipv4_start ip;

		if (!read_bytes(packet, inner, &ip, sizeof(ip)) || ip.version_ihl >> 4 != 4 || (ip.version_ihl & 15) < 5 ||
		    ip.protocol != IPPROTO_ICMP || (ip.fragment & bpf_htons(0x1fff)))
			return 0;
		inner_l4 = inner + (ip.version_ihl & 15) * 4;
	}
	return read_bytes(packet, inner_l4, echo, sizeof(*echo)) && is_echo(echo->type, v6) ? inner_l4 + 8 : 0;
}

/* `id`: of IPv4; the echo's own in IPv6, which has another only while the packet is in fragments. */
static __always_inline __u32 icmp_fingerprint(__be16 id, __u8 type, __be16 seq)
{
	return (__u32)id << 16 ^ (__u32)type << 24 ^ seq;
}

static __always_inline __u64 accept_icmp(const struct packet *packet, __u32 l4, const struct icmp_start *icmp, bool v6, __be16 ip_id)
{
	struct icmp_start echo = *icmp;
	__u32 end = l4 + 8;

	if (!is_echo(icmp->type, v6)) {
		if (!is_error(icmp->type, v6))
			return 0;
		end = end_of_quoted_echo(packet, l4, v6, &echo);
		if (!end)
			return 0;
	}
	return PARSED(packet->l3, l4, end, icmp_fingerprint(v6 ? echo.id : ip_id, icmp->type, echo.seq));
}

static __always_inline __u64 parse_ipv4(const struct packet *packet)
{
	struct ipv4_start ip;
	struct icmp_start icmp;
	__u32 l4;

	if (!read_bytes(packet, packet->l3, &ip, sizeof(ip)) || ip.version_ihl >> 4 != 4 || (ip.version_ihl & 15) < 5 ||
	    ip.protocol != IPPROTO_ICMP)
		return 0;
	l4 = packet->l3 + (ip.version_ihl & 15) * 4;
	/*
	 * Which echo a later fragment belongs to is said by its IP id alone. A header that claims more than was received is none: behind it
	 * is foreign memory.
	 */
	if (ip.fragment & bpf_htons(0x1fff))
		return l4 > packet->linear_end ? 0 : PARSED(packet->l3, packet->l3 + PARSED_FAR, l4, ip.id << 16 ^ ip.fragment);
	if (!read_bytes(packet, l4, &icmp, sizeof(icmp)))
		return 0;
	return accept_icmp(packet, l4, &icmp, false, ip.id);
}

static __always_inline __u64 parse_ipv6(const struct packet *packet)
{
	__u64 walk = walk_ipv6(packet->head, packet->linear_end, packet->l3);
	__u32 l4 = WALK_L4(walk);
	struct icmp_start icmp;

	if (!walk)
		return 0;
	if (walk & WALK_LATER_FRAGMENT)
		return PARSED(packet->l3, packet->l3 + PARSED_FAR, l4, WALK_FRAGMENT_ID(walk));
	if (!read_bytes(packet, l4, &icmp, sizeof(icmp)))
		return 0;
	return accept_icmp(packet, l4, &icmp, true, 0);
}

/*
 * Moves packet->l3 behind the VLAN tags in the bytes, and `protocol` to the type they announce. On the way in skb->data stands at the first
 * of them. On the way out network_header stands at the IP header or, when a second tag came in behind the one that the kernel took out, at
 * that tag: the type in front of it tells.
 */
static __always_inline bool skip_tags(struct packet *packet, bool way_in, __u32 *protocol)
{
	if (!way_in) {
		__be16 type;

		if (packet->l3 < sizeof(type) || !read_bytes(packet, packet->l3 - sizeof(type), &type, sizeof(type)))
			return false;
		*protocol = bpf_ntohs(type);
	}
#pragma unroll
	for (int i = 0; i < 2; i++) {
		__be16 tag[2];

		if (!is_tag(*protocol))
			break;
		if (!read_bytes(packet, packet->l3, tag, sizeof(tag)))
			return false;
		packet->l3 += sizeof(tag);
		*protocol = bpf_ntohs(tag[1]);
	}
	return true;
}

/*
 * Not 0 when the packet is an ICMP or ICMPv6 echo, or an ICMP error that quotes one: see PARSED. `start` is where skb->data (way in) or
 * network_header (way out) stands. A global function, as walk_ipv6: what comes after it is then verified once, not once per kind of packet.
 */
__attribute__((noinline)) __u64 parse_packet(__u64 head, __u32 linear_end, __u32 start, __u32 protocol, __u32 way_in)
{
	struct packet packet = { .head = head, .l3 = start, .linear_end = linear_end };

	if (is_tag(protocol) && !skip_tags(&packet, way_in, &protocol))
		return 0;
	if (protocol == ETHERTYPE_IPV4)
		return parse_ipv4(&packet);
	if (protocol == ETHERTYPE_IPV6)
		return parse_ipv6(&packet);
	return 0;
}

/* Of parse_at_once: parse_packet has to look. No packet parses to this. */
#define PARSE_FURTHER 1

/*
 * Decides what most packets are: a plain IPv4 echo, or TCP or UDP without options or extension headers. `head` may be a typed pointer here,
 * which saves its conversion for a packet that is not for us.
 */
static __always_inline __u64 parse_at_once(const unsigned char *head, __u32 linear_end, __u32 start, __u32 protocol)
{
	struct {
		struct ipv4_start ip;
		struct icmp_start icmp;
	} first;

	if (is_tag(protocol) || start + sizeof(first) > linear_end || bpf_probe_read_kernel(&first, sizeof(first), head + start))
		return PARSE_FURTHER;
	if (protocol == ETHERTYPE_IPV6) {
		__u8 next = ((const __u8 *)&first)[6];

		return next == IPPROTO_TCP || next == IPPROTO_UDP ? 0 : PARSE_FURTHER;
	}
	if (first.ip.version_ihl != 0x45)
		return PARSE_FURTHER;
	if (first.ip.protocol != IPPROTO_ICMP)
		return 0;
	if ((first.ip.fragment & bpf_htons(0x1fff)) || !is_echo(first.icmp.type, false))
		return PARSE_FURTHER;
	return PARSED(start, start + 20, start + 28, icmp_fingerprint(first.ip.id, first.icmp.type, first.icmp.seq));
}

#endif

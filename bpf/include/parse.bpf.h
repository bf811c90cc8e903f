/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds the headers of a packet, or says at once that it is not for us.
 *
 * Which of the skb's own offsets can be trusted depends on the stage. On the way in, skb->data stands at the
 * network header, and network_header may be a leftover or not set yet; on the way out and at the end of life it is the other way round,
 * unless life ends before any protocol has looked (a full backlog): then network_header was never set.
 * "MAC header + 14" is never assumed: VLAN tags may stand in between, and tunnels and tun devices have no MAC header.
 */
#ifndef HOPSCOPE_PARSE_BPF_H
#define HOPSCOPE_PARSE_BPF_H

#include "compat.bpf.h"
#include "hop_record.h"
#include "l4.bpf.h"
#include "tunnel.bpf.h"

/*
 * What parse_packet found, in one number, because that is all a global function may give; 0 = not for us. Distances beyond what a record
 * holds all read PARSED_FAR. l3 and l4 are those of the outermost IP header, the rest is of the innermost.
 */
#define PARSED(start, l3, l4, end, fingerprint)                                                                                  \
	(1ull << 62 | (__u64)(((l3) - (start)) >> 2 & 3) << 48 | (__u64)parsed_distance((l4) - (l3)) << 40 |                     \
	 (__u64)parsed_distance((end) - (l3)) << 32 | (__u32)(fingerprint))
/* VLAN tags in the bytes, 4 each. */
#define PARSED_START_TO_L3(parsed) (((__u32)((parsed) >> 48) & 3) * 4)
#define PARSED_L3_TO_L4(parsed) ((__u32)((parsed) >> 40) & 0xff)
#define PARSED_L3_TO_END(parsed) ((__u32)((parsed) >> 32) & 0xff)
/* Of l4.bpf.h. Stays the same for one packet, differs between packets; see identity.bpf.h. */
#define PARSED_FINGERPRINT(parsed) ((__u32)(parsed))
#define PARSED_FATE(parsed) ((__u32)(parsed) & 0xffff)
#define PARSED_IS_ANSWER(parsed) (((parsed) & ACCEPTED_ANSWER) != 0)
#define PARSED_FAR 255

/* Packets in a packet in a packet. */
#define TUNNELS_MAX 2

static __always_inline __u32 parsed_distance(__u32 bytes)
{
	return bytes < PARSED_FAR ? bytes : PARSED_FAR;
}

static __always_inline bool is_way_in(__u32 stage)
{
	return stage >= HOP_STAGE_netif_rx && stage <= HOP_STAGE_netif_receive_skb;
}

static __always_inline bool is_free(__u32 stage)
{
	return stage == HOP_STAGE_kfree_skb || stage == HOP_STAGE_consume_skb;
}

#define MAC_UNSET 0xffff
/* A MAC header with two VLAN tags; a larger distance means mac_header is a leftover. */
#define MAC_MAX_BYTES 22

/* Where the MAC header begins that ends at `end`; `end` when there is none. */
static __always_inline __u32 mac_or(__u32 mac_header, __u32 end)
{
	return mac_header != MAC_UNSET && mac_header < end && end - mac_header <= MAC_MAX_BYTES ? mac_header : end;
}

/* Whether skb->data tells where the network header is; otherwise network_header does. */
static __always_inline bool is_at_data(const struct sk_buff *skb, __u32 stage, __u32 network_header)
{
	if (!is_free(stage))
		return is_way_in(stage);
	return network_header == 0 || (READ(skb, mac_header) != MAC_UNSET && network_header < READ(skb, mac_header));
}

/*
 * Moves *l3 behind the VLAN tags in the bytes, and `protocol` to the type they announce. skb->data stands at the first
 * of them. On the way out network_header stands at the IP header or, when a second tag came in behind the one that the kernel took out, at
 * that tag: the type in front of it tells.
 */
static __always_inline bool skip_tags(const struct bytes *bytes, __u32 *l3, bool at_data, __u32 *protocol)
{
	if (!at_data) {
		__be16 type;

		if (*l3 < sizeof(type) || !read_bytes(bytes, *l3 - sizeof(type), &type, sizeof(type)))
			return false;
		*protocol = bpf_ntohs(type);
	}
#pragma unroll
	for (int i = 0; i < 2; i++) {
		__be16 tag[2];

		if (!is_tag(*protocol))
			break;
		if (!read_bytes(bytes, *l3, tag, sizeof(tag)))
			return false;
		*l3 += sizeof(tag);
		*protocol = bpf_ntohs(tag[1]);
	}
	return true;
}

/*
 * Not 0 when the packet is wanted (l4.bpf.h), be it in a tunnel: see PARSED. `start` is where skb->data (`at_data`) or
 * network_header stands. A global function, as walk_ip: what comes after it is then verified once, not once per kind of packet.
 */
__attribute__((noinline)) __u64 parse_packet(__u64 head, __u32 linear_end, __u32 start, __u32 protocol, __u32 at_data)
{
	struct bytes bytes = { .head = head, .linear_end = linear_end };
	__u32 l3 = start, l4 = 0, at;

	if (is_tag(protocol) && !skip_tags(&bytes, &l3, at_data, &protocol))
		return 0;
	at = l3;
	for (int depth = 0; depth <= TUNNELS_MAX; depth++) {
		bool v6 = protocol == ETHERTYPE_IPV6;
		__u64 ip, inside, accepted;

		if (!v6 && protocol != ETHERTYPE_IPV4)
			return 0;
		ip = walk_ip(head, linear_end, at, v6);
		if (!ip)
			return 0;
		if (depth == 0)
			l4 = ip & IP_LATER_FRAGMENT ? l3 + PARSED_FAR : IP_L4(ip);
		if (ip & IP_LATER_FRAGMENT)
			return wants_later_fragment(IP_PROTOCOL(ip), v6) ? PARSED(start, l3, l4, IP_L4(ip), IP_ID(ip)) : 0;
		inside = tunnel_inside(head, linear_end, ip);
		if (!inside) {
			accepted = accept_l4(head, linear_end, ip, v6);
			if (!accepted)
				return 0;
			return (accepted & ACCEPTED_ANSWER) |
			       PARSED(start, l3, l4, ACCEPTED_END(accepted), ACCEPTED_FINGERPRINT(accepted));
		}
		at = TUNNEL_L3(inside);
		protocol = TUNNEL_PROTOCOL(inside);
	}
	return 0;
}

/* Of parse_at_once: parse_packet has to look. No packet parses to this. */
#define PARSE_FURTHER 1

/*
 * Decides what most packets are: a plain IPv4 echo, or TCP or UDP without options or extension headers. `head` may be a typed pointer here,
 * which saves its conversion for a packet that is not for us. Such a packet is looked at where it lies, field by field, or else by one copy.
 */
static __always_inline __u64 parse_at_once(const unsigned char *head, __u32 linear_end, __u32 start, __u32 protocol)
{
#define PLAIN_BYTES 28 /* IPv4 and the first 8 bytes behind it */
#ifdef HOPSCOPE_PAGED
#define PLAIN(type, offset) VIEW(type, head + start + (offset))
#else
#define PLAIN(type, offset) ((const struct type *)&first[offset])
	__u8 first[PLAIN_BYTES] __attribute__((aligned(8)));
#endif
	const struct iphdr *ip;
	__u8 type;

	if (is_tag(protocol) || start + PLAIN_BYTES > linear_end)
		return PARSE_FURTHER;
#ifndef HOPSCOPE_PAGED
	if (bpf_probe_read_kernel(first, sizeof(first), head + start))
		return PARSE_FURTHER;
#endif
	if (protocol == ETHERTYPE_IPV6) {
		__u8 next = PLAIN(ipv6hdr, 0)->nexthdr;
		__be16 port = 0;

		if (next == IPPROTO_UDP && !wants(HOP_WANT_UDP)) {
			bpf_probe_read_kernel(&port, sizeof(port), head + start + 42);
			return is_tunnel_port(bpf_ntohs(port)) ? PARSE_FURTHER : 0;
		}
		return next == IPPROTO_TCP && !wants(HOP_WANT_TCP) ? 0 : PARSE_FURTHER;
	}
	ip = PLAIN(iphdr, 0);
	if (*(const __u8 *)ip != 0x45)
		return PARSE_FURTHER;
	if (ip->protocol == IPPROTO_TCP)
		return wants(HOP_WANT_TCP) ? PARSE_FURTHER : 0;
	if (ip->protocol == IPPROTO_UDP) {
		const struct udphdr *udp = PLAIN(udphdr, 20);

		if (is_tunnel_port(bpf_ntohs(udp->dest)))
			return PARSE_FURTHER;
		if (!wants(HOP_WANT_UDP))
			return 0;
		if (ip->frag_off & bpf_htons(0x1fff))
			return PARSE_FURTHER;
		if (!wants_ports(udp->source, udp->dest))
			return 0;
		return PARSED(start, start, start + 20, start + 28, port_fingerprint(ip->id, false, udp->len, 0));
	}
	if (ip->protocol != IPPROTO_ICMP || (ip->frag_off & bpf_htons(0x1fff)))
		return PARSE_FURTHER;
	type = PLAIN(icmphdr, 20)->type;
	if (!is_echo(type, false))
		return PARSE_FURTHER;
	if (!wants_icmp(false))
		return 0;
	return (type == 0 ? ACCEPTED_ANSWER : 0) |
	       PARSED(start, start, start + 20, start + 28, echo_fingerprint(ip->id, type, PLAIN(icmphdr, 20)->un.echo.sequence));
}

#endif

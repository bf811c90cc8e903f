/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets inside of packets: VXLAN, Geneve, GRE, IPIP, SIT, ip6tnl. */
#ifndef HOPSCOPE_TUNNEL_BPF_H
#define HOPSCOPE_TUNNEL_BPF_H

#include "ip.bpf.h"

#define PORT_VXLAN 4789
#define PORT_VXLAN_LINUX 8472 /* what Linux used before there was an assigned one, and still does unless told */
#define PORT_GENEVE 6081
#define ETHERTYPE_ETHERNET 0x6558 /* of GRE and Geneve: a whole frame */

static __always_inline bool is_tunnel_port(__u16 port)
{
	return port == PORT_VXLAN || port == PORT_VXLAN_LINUX || port == PORT_GENEVE;
}

/* What tunnel_inside answers: where the inner IP header stands and its EtherType. Or that something else is in there; 0 = no tunnel. */
#define TUNNEL_INSIDE(at, protocol) ((__u64)(at) << 32 | (protocol))
#define TUNNEL_L3(inside) ((__u32)((inside) >> 32))
#define TUNNEL_PROTOCOL(inside) ((__u32)(inside))
#define TUNNEL_OTHER 1

/* A frame's Ethernet header, with up to two tags. */
static __always_inline __u64 inside_frame(const struct bytes *bytes, __u32 at)
{
	at += 12;
#pragma unroll
	for (int i = 0; i < 3; i++) {
		__be16 type;
		__u16 protocol;

		if (!read_bytes(bytes, at, &type, sizeof(type)))
			return TUNNEL_OTHER;
		protocol = bpf_ntohs(type);
		if (!is_tag(protocol))
			return is_ip(protocol) ? TUNNEL_INSIDE(at + 2, protocol) : TUNNEL_OTHER;
		at += 4;
	}
	return TUNNEL_OTHER;
}

static __always_inline __u64 inside_ethertype(const struct bytes *bytes, __u32 at, __be16 type)
{
	__u16 protocol = bpf_ntohs(type);

	if (protocol == ETHERTYPE_ETHERNET)
		return inside_frame(bytes, at);
	return protocol == ETHERTYPE_IPV4 || protocol == ETHERTYPE_IPV6 ? TUNNEL_INSIDE(at, protocol) : TUNNEL_OTHER;
}

static __always_inline __u64 inside_gre(const struct bytes *bytes, __u32 at)
{
	struct {
		__u8 flags;
		__u8 version;
		__be16 protocol;
	} gre;

	if (!read_bytes(bytes, at, &gre, sizeof(gre)) || (gre.version & 7) || (gre.flags & 0x40))
		return 0;
	/* Checksum, key, sequence number (RFC 2890): 4 bytes each. */
	at += 4 + (gre.flags >> 7 & 1) * 4 + (gre.flags >> 5 & 1) * 4 + (gre.flags >> 4 & 1) * 4;
	return inside_ethertype(bytes, at, gre.protocol);
}

static __always_inline __u64 inside_udp(const struct bytes *bytes, __u32 at)
{
	struct {
		__be16 src;
		__be16 dst;
		__be32 rest;
		__u8 first;
		__u8 second;
		__be16 protocol;
	} start;
	__u16 port;

	if (!read_bytes(bytes, at, &start, sizeof(start)))
		return 0;
	port = bpf_ntohs(start.dst);
	if (!is_tunnel_port(port))
		return 0;
	if (port == PORT_GENEVE) /* version 0; options in 4-byte words */
		return start.first >> 6 ? 0 : inside_ethertype(bytes, at + 16 + (start.first & 63) * 4, start.protocol);
	/* VXLAN: its id is valid, and it is no VXLAN-GPE, which may carry anything. */
	return (start.first & 0x0c) == 8 ? inside_frame(bytes, at + 16) : 0;
}

/* A global function, as walk_ip, whose answer `ip` is. */
__attribute__((noinline)) __u64 tunnel_inside(__u64 head, __u32 linear_end, __u64 ip)
{
	struct bytes bytes = { .head = head, .linear_end = linear_end };

	switch (IP_PROTOCOL(ip)) {
	case IPPROTO_UDP:
		return inside_udp(&bytes, IP_L4(ip));
	case IPPROTO_GRE:
		return inside_gre(&bytes, IP_L4(ip));
	case IPPROTO_IPIP:
		return TUNNEL_INSIDE(IP_L4(ip), ETHERTYPE_IPV4);
	case IPPROTO_IPV6:
		return TUNNEL_INSIDE(IP_L4(ip), ETHERTYPE_IPV6);
	}
	return 0;
}

#endif

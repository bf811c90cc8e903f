/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which ICMP, UDP and TCP packets are wanted, where their headers end, and by what they are recognised.
 *
 * A packet's fingerprint is made of fields that stay the same however far it travels through this machine: NAT rewrites addresses, ports
 * (of an echo in IPv6 or behind MASQUERADE the id) and checksums; routers the TTL; tags and tunnels the length of what is around; reassembly
 * and GRO the IP length, flags and, for TCP, the flag bits. What is left:
 *
 *   echo  sequence number, type, and the IPv4 id or the echo's own id
 *   UDP   its own length, and the IPv4 id or the IPv6 flow label
 *   TCP   sequence and acknowledgement number, window, and the IPv4 id or the IPv6 flow label
 *
 * The lower half of it is the packet's fate: the same for the packets that a sampled exchange must have together. For an echo it is the
 * sequence number, which request, reply and errors share. For UDP and TCP it is made of fields that an error quotes: the IPv4 id, which
 * fragments share, too; or, where there is none, the first bytes of L4 but for the ports.
 */
#ifndef HOPSCOPE_L4_BPF_H
#define HOPSCOPE_L4_BPF_H

#include "config.bpf.h"
#include "ip.bpf.h"

struct icmp_start {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be16 id;
	__be16 seq;
};

struct ports_start {
	__be16 src;
	__be16 dst;
	__be32 word; /* UDP: length, checksum; TCP: sequence number */
};

struct tcp_rest {
	__be32 ack;
	__u8 words;
	__u8 flags;
	__be16 window;
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

static __always_inline bool wants(__u64 what)
{
	return (config.wanted & what) != 0;
}

static __always_inline bool wants_icmp(bool v6)
{
	return wants(v6 ? HOP_WANT_ICMP6 : HOP_WANT_ICMP);
}

static __always_inline bool wants_ports(__be16 src, __be16 dst)
{
	__u16 from = bpf_ntohs(src), to = bpf_ntohs(dst);

	if (!config.port_count)
		return true;
	for (__u32 i = 0; i < HOP_PORTS_MAX; i++)
		if (i < config.port_count && (config.ports[i] == from || config.ports[i] == to))
			return true;
	return false;
}

/* A later fragment has no ports, so with ports asked for it does not pass. */
static __always_inline bool wants_later_fragment(__u32 protocol, bool v6)
{
	if (protocol == IPPROTO_UDP || protocol == IPPROTO_TCP)
		return wants(protocol == IPPROTO_UDP ? HOP_WANT_UDP : HOP_WANT_TCP) && !config.port_count;
	return protocol == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) && wants_icmp(v6);
}

static __always_inline __u32 echo_fingerprint(__be16 id, __u8 type, __be16 seq)
{
	return (__u32)id << 16 ^ (__u32)type << 24 ^ seq;
}

static __always_inline __u32 fold(__u32 word)
{
	return (word ^ word >> 16) & 0xffff;
}

/* `more` goes into the upper half: what tells two packets apart and no error quotes. */
static __always_inline __u32 port_fingerprint(__u32 ip_id, bool v6, __u32 word, __u32 more)
{
	__u32 fate = v6 || !ip_id ? fold((ip_id ^ word) * 0x9e3779b1u) : ip_id;

	return fold(word ^ more) << 16 | (fate & 0xffff);
}

/* What accept_l4 answers, in one number; 0 = not for us. */
#define ACCEPTED(end, fingerprint) (1ull << 62 | (__u64)((end) & 0xffff) << 32 | (__u32)(fingerprint))
/* It answers another packet, whose fate it shares. */
#define ACCEPTED_ANSWER (1ull << 63)
#define ACCEPTED_END(accepted) ((__u32)((accepted) >> 32) & 0xffff)
#define ACCEPTED_FINGERPRINT(accepted) ((__u32)(accepted))

/* An echo, UDP or TCP behind the IP header that `ip` is about; `quoted`: by an error, which brings no more than 8 bytes of it. */
static __always_inline __u64 accept_data(const struct bytes *bytes, __u64 ip, bool v6, bool quoted)
{
	__u32 protocol = IP_PROTOCOL(ip), at = IP_L4(ip), end = at + 8;
	bool is_tcp = protocol == IPPROTO_TCP;
	struct ports_start start;

	if (protocol == (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
		struct icmp_start echo;
		__u64 answer;

		if (!wants_icmp(v6) || !read_bytes(bytes, at, &echo, sizeof(echo)) || !is_echo(echo.type, v6))
			return 0;
		answer = echo.type == (v6 ? 129 : 0) ? ACCEPTED_ANSWER : 0;
		return answer | ACCEPTED(end, echo_fingerprint(v6 ? echo.id : IP_ID(ip), echo.type, echo.seq));
	}
	if (!is_tcp && protocol != IPPROTO_UDP)
		return 0;
	if (!wants(is_tcp ? HOP_WANT_TCP : HOP_WANT_UDP) || !read_bytes(bytes, at, &start, sizeof(start)) ||
	    !wants_ports(start.src, start.dst))
		return 0;
	if (is_tcp && !quoted) {
		struct tcp_rest rest;

		if (!read_bytes(bytes, end, &rest, sizeof(rest)))
			return 0;
		end = at + (rest.words >> 4) * 4;
		if (end < at + 20)
			end = at + 20;
		if (end > bytes->linear_end)
			end = bytes->linear_end;
		return ACCEPTED(end, port_fingerprint(IP_ID(ip), v6, start.word, rest.ack ^ rest.window));
	}
	/* Of UDP the length alone: the checksum covers what NAT rewrites. */
	return ACCEPTED(end, port_fingerprint(IP_ID(ip), v6, is_tcp ? start.word : start.word & bpf_htonl(0xffff0000), 0));
}

/* A global function, as walk_ip. `ip` is its answer, and not of a later fragment. */
__attribute__((noinline)) __u64 accept_l4(__u64 head, __u32 linear_end, __u64 ip, __u32 v6)
{
	struct bytes bytes = { .head = head, .linear_end = linear_end };
	__u64 quoted, accepted;
	__u8 type;

	if (IP_PROTOCOL(ip) != (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return accept_data(&bytes, ip, v6, false);
	if (!read_bytes(&bytes, IP_L4(ip), &type, sizeof(type)))
		return 0;
	if (!is_error(type, v6))
		return accept_data(&bytes, ip, v6, false);
	quoted = walk_ip(head, linear_end, IP_L4(ip) + 8, v6);
	if (!quoted || (quoted & IP_LATER_FRAGMENT))
		return 0;
	accepted = accept_data(&bytes, quoted, v6, true);
	if (!accepted)
		return 0;
	/* The error's own id and type make it another packet. */
	return (accepted | ACCEPTED_ANSWER) ^ (__u32)type << 24 ^ (IP_ID(ip) & 0xff) << 16;
}

#endif

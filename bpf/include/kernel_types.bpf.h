/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types the programs touch, with only the fields they touch.
 * CO-RE moves every offset to the running kernel's when the object is loaded, so
 * neither order nor omissions matter; names and kinds do.
 */
#ifndef HOPSCOPE_KERNEL_TYPES_BPF_H
#define HOPSCOPE_KERNEL_TYPES_BPF_H

#include <linux/bpf.h>
#include <linux/types.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef NULL
#define NULL ((void *)0)
#endif
typedef _Bool bool;
#define true 1
#define false 0

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct fib6_info;

struct netns_ipv6 {
	struct fib6_info *fib6_null_entry;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
	/* A plain u64 since 5.12 (3d368ab87cf6); before, an atomic64_t filled only on request. */
	__u64 net_cookie;
	struct netns_ipv6 ipv6;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct net_device {
	char name[16];
	int ifindex;
	unsigned short type;
	possible_net_t nd_net;
};

struct sock_common {
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
};

typedef struct {
	int counter;
} atomic_t;

struct skb_shared_info {
	atomic_t dataref;
};

/* Headers, as the kernel declares them, only to be looked at: VIEW in compat.bpf.h. */
struct iphdr {
	__u8 tos; /* before it a byte of two bit fields: version and length */
	__be16 id;
	__be16 frag_off;
	__u8 protocol;
};

struct ipv6hdr {
	__u8 nexthdr;
};

struct icmphdr {
	__u8 type;
	union {
		struct {
			__be16 id;
			__be16 sequence;
		} echo;
	} un;
};

struct udphdr {
	__be16 source;
	__be16 dest;
	__be16 len;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned int len;
	unsigned int data_len;
	__u8 cloned : 1;
	int skb_iif;
	__be16 vlan_proto;
	__u16 vlan_tci;
	__be16 protocol;
	__u16 network_header;
	__u16 mac_header;
	unsigned int tail;
	unsigned int end;
	unsigned char *head;
	unsigned char *data;
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct flowi4 {
	__be32 saddr;
	__be32 daddr;
};

struct flowi6 {
	struct in6_addr daddr;
	struct in6_addr saddr;
};

struct fib_nh_common {
	struct net_device *nhc_dev;
	int nhc_oif;
	__u8 nhc_gw_family;
	union {
		struct in6_addr ipv6;
	} nhc_gw;
};

struct fib6_nh {
	struct fib_nh_common nh_common;
};

struct fib6_result {
	struct fib6_nh *nh;
	struct fib6_info *f6i;
	__u8 fib6_type;
};

struct fib6_table {
	__u32 tb6_id;
};

/* Up to 6.0 a bit said whether there is a tag; 354259fa73e2 made vlan_proto != 0 say it. */
struct sk_buff___vlan_bit {
	__u8 vlan_present : 1;
};

#pragma clang attribute pop

/* Only their names are used: the kernel resolves the argument to its own type. */
enum skb_drop_reason { HOPSCOPE_DROP_REASON_UNUSED };

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What makes two records one packet.
 *
 * The kernel has no packet id. The nearest thing is skb->head, the address of the packet's data: clones share it,
 * crossing a veth keeps it, NAT rewrites inside it. But it is reused at once after the last holder let go, so a packet
 * is (head, time first seen), and an entry must end with its packet:
 *
 *  - on the free of the last holder (dataref 1 at kfree_skb or consume_skb);
 *  - when its headers cannot be the same packet any more: another ICMP type, sequence number or IP id, none of which NAT, routing or
 *    tagging changes. This catches frees that fire no tracepoint;
 *  - after IDENTITY_MAX_AGE without a sight.
 *
 * What changes the head (pskb_expand_head, veth with XDP) begins a new id here; user space joins it again by skb and by headers.
 *
 * The id is made from head and time, so two CPUs that race for one entry can at worst split a packet, never merge two.
 */
#ifndef HOPSCOPE_IDENTITY_BPF_H
#define HOPSCOPE_IDENTITY_BPF_H

#include "config.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

#define IDENTITY_MAX_AGE_NS (60ull * 1000000000)

/* JavaScript's numbers hold 53 bits. */
#define ID_BITS 53

/* splitmix64's finalizer. */
static __always_inline __u64 mix(__u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Keyed on both sides of a mix: without the keys an id says nothing about the address, nor about another address. */
static __always_inline __u64 opaque_id(__u64 address, __u64 salt, __u64 key_in, __u64 key_out)
{
	return mix(mix(address ^ key_in) + (salt ^ key_out)) >> (64 - ID_BITS);
}

static __always_inline __u64 opaque_skb_id(const struct sk_buff *skb)
{
	return opaque_id(address_of(skb, &totals), 0, config.id_keys[0], config.id_keys[1]);
}

struct identified {
	__u64 packet_id; /* 0 = the map had no room */
	bool first;
};

static __always_inline struct identity *find_identity(__u64 head, const struct packet *packet, __u64 now)
{
	struct identity *identity = bpf_map_lookup_elem(&identities, &head);

	if (identity && identity->fingerprint == packet->fingerprint && now - identity->last_ns < IDENTITY_MAX_AGE_NS)
		return identity;
	return NULL;
}

static __always_inline struct identified identify(__u64 head, const struct packet *packet, struct identity *found, __u64 now)
{
	__u64 first_ns = now;
	struct identified out = { .first = !found };

	if (found) {
		first_ns = found->first_ns;
		found->last_ns = now;
	} else {
		struct identity fresh = { .first_ns = now, .last_ns = now, .fingerprint = packet->fingerprint };

		if (bpf_map_update_elem(&identities, &head, &fresh, BPF_ANY)) {
			__sync_fetch_and_add(&this_cpu_totals()->identity_full, 1);
			return out;
		}
	}
	out.packet_id = opaque_id(head, first_ns, config.id_keys[2], config.id_keys[3]);
	return out;
}

static __always_inline void end_identity(__u64 head)
{
	bpf_map_delete_elem(&identities, &head);
}

#endif

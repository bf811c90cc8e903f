/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What makes two records one packet.
 *
 * The kernel has no packet id. The nearest thing is skb->head, the address of the packet's data: clones share it,
 * crossing a veth keeps it, NAT rewrites inside it. But it is reused at once after the last holder let go, so a packet
 * is (head, time first seen), and an entry must end with its packet:
 *
 *  - on the free of the last holder (dataref 1 at kfree_skb or consume_skb);
 *  - when its headers cannot be the same packet any more: another fingerprint (l4.bpf.h), which neither NAT, routing, tagging, tunnels nor
 *    reassembly changes. This catches frees that fire no tracepoint, as most of TCP's;
 *  - after IDENTITY_MAX_AGE without a sight.
 *
 * What changes the head (pskb_expand_head, veth with XDP) begins a new id here; user space joins it again by skb and by headers.
 *
 * A head has two possible places in the table. When both are taken by live packets one is forgotten: one that is not followed (see
 * sampling.bpf.h), whose fate is decided again and mostly the same; else the older one, and that is counted.
 * The id is made from head and time, so two CPUs that race for one place, or a packet that was forgotten, can at worst split a packet, never
 * merge two.
 */
#ifndef HOPSCOPE_IDENTITY_BPF_H
#define HOPSCOPE_IDENTITY_BPF_H

#include "config.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

#define IDENTITY_MAX_AGE_NS (60ll * 1000000000)

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
	return ((mix(address ^ key_in) ^ salt) * (key_out | 1)) >> (64 - ID_BITS);
}

/* Where in a table of 2^bits a key begins: the golden ratio's multiplicative hash, for speed. */
static __always_inline __u32 table_slot(__u64 key, __u32 bits)
{
	return (key * 0x9e3779b97f4a7c15ull) >> (64 - bits);
}

static __always_inline __u64 opaque_skb_id(const struct sk_buff *skb)
{
	return opaque_id(address_of(skb, &totals), 0, config.id_keys[0], config.id_keys[1]);
}

static __always_inline struct identity *identity_at(__u32 slot)
{
	return bpf_map_lookup_elem(&identities, &slot);
}

static __always_inline bool is_same_packet(const struct identity *identity, __u64 head, __u32 fingerprint, __u64 now)
{
	return identity && identity->head == head && identity->fingerprint == fingerprint &&
	       (__s64)(now - identity->last_ns) < IDENTITY_MAX_AGE_NS;
}

/* The packet's entry, or NULL at first sight. */
static __always_inline struct identity *find_identity(__u64 head, __u32 fingerprint, __u64 now)
{
	__u32 slot = table_slot(head, IDENTITY_SLOT_BITS);
	struct identity *identity = identity_at(slot);

	if (is_same_packet(identity, head, fingerprint, now))
		return identity;
	identity = identity_at(slot ^ 1);
	return is_same_packet(identity, head, fingerprint, now) ? identity : NULL;
}

/* Whether `other` is the better one to give up: one that is not followed, or else the one not seen for longer. */
static __always_inline bool is_dearer(const struct identity *taken, const struct identity *other)
{
	if (taken->is_left_out != other->is_left_out)
		return other->is_left_out;
	return (__s64)(other->last_ns - taken->last_ns) < 0;
}

/* The place for a packet at first sight: that of an earlier holder of the head, a free one, or one that is given up. */
static __always_inline struct identity *take_identity(__u64 head, __u32 fingerprint, __u64 now)
{
	__u32 slot = table_slot(head, IDENTITY_SLOT_BITS);
	struct identity *taken = identity_at(slot);
	struct identity *other = identity_at(slot ^ 1);

	if (!taken || !other) /* cannot be; the verifier does not know */
		return NULL;
	if (taken->head != head &&
	    (other->head == head || (taken->head && (!other->head || is_dearer(taken, other)))))
		taken = other;
	if (taken->head && taken->head != head && !taken->is_left_out && (__s64)(now - taken->last_ns) < IDENTITY_MAX_AGE_NS)
		__sync_fetch_and_add(&this_cpu_totals()->identity_full, 1);
	taken->head = head;
	taken->first_ns = now;
	taken->fingerprint = fingerprint;
	return taken;
}

static __always_inline __u64 packet_id_of(const struct identity *identity, __u64 head)
{
	return opaque_id(head, identity->first_ns, config.id_keys[2], config.id_keys[3]);
}

#endif

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
 *    reassembly changes. This catches frees that fire no tracepoint, as most of TCP's, and of UDP's since 6.18;
 *  - when it cannot come from where it was. After a device has handed it to its protocol, it does not come in by that device again, nor is
 *    it queued as one made here. This catches the same when the next packet on the head has the same headers. Clones go many ways at once
 *    and tell nothing;
 *  - when its skb was cloned and is not any more: nothing but a new head takes that back. This catches two CPUs that let go of it at the same
 *    instant, each of which sees the other one holding it;
 *  - after IDENTITY_MAX_AGE without a sight.
 *
 * What changes the head (pskb_expand_head, veth with XDP) begins a new id here; user space joins it again by skb and by headers.
 *
 * A head has four possible places in the table. When all are taken by live packets one is forgotten: one that is not followed (see
 * sampling.bpf.h), whose fate is decided again and mostly the same; else the older one, and that is counted.
 * The id is made from head and time, so two CPUs that race for one place, or a packet that was forgotten, can at worst split a packet, never
 * merge two. For that what is told of a packet is never read from a place that another packet may have taken meanwhile: see take_identity.
 * A packet that loses its place in the same instant in which it got it is counted as forgotten, too.
 */
#ifndef HOPSCOPE_IDENTITY_BPF_H
#define HOPSCOPE_IDENTITY_BPF_H

#include "config.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

#define IDENTITY_MAX_AGE_NS (60ll * 1000000000)
/* A packet that was handed to its protocol so long ago is done, though nothing told its end: no loss to forget it. */
#define DELIVERED_MAX_AGE_NS (100ll * 1000000)

/* Of struct identity's flags. */
#define LAST_STAGE(identity) ((identity)->flags >> 8 & 0xff)
#define LAST_IFINDEX(identity) ((identity)->flags >> 16)

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

static __always_inline struct identity *identity_at(__u32 place)
{
	return bpf_map_lookup_elem(&identities, &place);
}

static __always_inline __u32 first_place(__u64 head)
{
	return table_slot(head, IDENTITY_SLOT_BITS) * IDENTITY_PLACES;
}

#define NO_PLACE (~0u)

/* Where the entry of this head is, or NO_PLACE. A global function, so that what follows is verified once and not once for each place. */
__attribute__((noinline)) __u32 place_of(__u64 head)
{
	__u32 place = first_place(head);

	for (__u32 i = 0; i < IDENTITY_PLACES; i++) {
		struct identity *identity = identity_at(place + i);

		if (identity && identity->head == head)
			return place + i;
	}
	return NO_PLACE;
}

static __always_inline bool is_live(const struct identity *identity, __u64 now)
{
	__s64 age = now - identity->last_ns;

	return identity->head && age < (LAST_STAGE(identity) == HOP_STAGE_netif_receive_skb ? DELIVERED_MAX_AGE_NS : IDENTITY_MAX_AGE_NS);
}

/* Whether `other` is the better one to give up: free, or one that is not followed, or else the one not seen for longer. */
static __always_inline bool is_dearer(const struct identity *taken, const struct identity *other)
{
	if (!taken->head || !other->head)
		return taken->head;
	if ((taken->flags ^ other->flags) & IDENTITY_LEFT_OUT)
		return other->flags & IDENTITY_LEFT_OUT;
	return (__s64)(other->last_ns - taken->last_ns) < 0;
}

/* The place for a head that has none: a free one, or one that is given up. Global as place_of. */
__attribute__((noinline)) __u32 place_for(__u64 head)
{
	__u32 place = first_place(head), best = place;
	struct identity *taken = identity_at(place);

	for (__u32 i = 1; i < IDENTITY_PLACES; i++) {
		struct identity *other = identity_at(place + i);

		if (!taken || !other) /* cannot be; the verifier does not know */
			return NO_PLACE;
		if (is_dearer(taken, other)) {
			taken = other;
			best = place + i;
		}
	}
	return best;
}

/* What there is to see of a packet at one stage that tells whether it is the one seen before. */
struct trace_mark {
	__u32 fingerprint;
	__u32 stage;
	__u32 ifindex;
	bool cloned;
	bool has_come_in; /* skb->skb_iif: received in this namespace, not made there */
};

/* Whether what is seen now can be the packet that was seen last with this head. */
static __always_inline bool is_same_packet(const struct identity *identity, const struct trace_mark *mark, __u64 now)
{
	bool was_received = LAST_STAGE(identity) == HOP_STAGE_netif_receive_skb;

	if (identity->fingerprint != mark->fingerprint || (__s64)(now - identity->last_ns) >= IDENTITY_MAX_AGE_NS)
		return false;
	if (mark->cloned)
		return true;
	if (identity->flags & IDENTITY_CLONED)
		return false;
	if (mark->stage == HOP_STAGE_net_dev_queue)
		return !was_received || mark->has_come_in;
	if (mark->stage == HOP_STAGE_netif_rx || mark->stage == HOP_STAGE_napi_gro_receive_entry)
		return !was_received || LAST_IFINDEX(identity) != (mark->ifindex & 0xffff);
	return true;
}

/* What is told of a packet. */
struct told {
	__u64 packet_id;
	bool first; /* its entry is new */
	bool left_out;
};

/* Whether the place is still this head's: another CPU may take it at any time. */
static __always_inline bool is_held(const struct identity *identity, __u64 head)
{
	return *(const volatile __u64 *)&identity->head == head;
}

/* The packet's entry, new or known; of a known one also what is told. Whoever takes a place writes its head before all else. */
static __always_inline struct identity *take_identity(__u64 head, const struct trace_mark *mark, __u64 now, struct told *told)
{
	__u32 place = place_of(head);
	struct identity *identity;

	told->first = true;
	if (place == NO_PLACE)
		place = place_for(head);
	identity = identity_at(place);
	if (identity && identity->head == head && is_same_packet(identity, mark, now)) {
		told->packet_id = *(const volatile __u64 *)&identity->packet_id;
		told->left_out = *(const volatile __u32 *)&identity->flags & IDENTITY_LEFT_OUT;
		told->first = !is_held(identity, head);
	}
	return identity;
}

static __always_inline void begin_identity(struct identity *identity, __u64 head, const struct trace_mark *mark, __u64 now, bool left_out,
					   struct told *told)
{
	if (identity->head != head && is_live(identity, now) && !(identity->flags & IDENTITY_LEFT_OUT))
		add(&this_cpu_totals()->identity_full, 1);
	told->packet_id = opaque_id(head, now, config.id_keys[2], config.id_keys[3]);
	told->left_out = left_out;
	*(volatile __u64 *)&identity->head = head;
	*(volatile __u64 *)&identity->packet_id = told->packet_id;
	identity->fingerprint = mark->fingerprint;
	identity->flags = left_out ? IDENTITY_LEFT_OUT : 0;
}

static __always_inline void mark_identity(struct identity *identity, __u64 head, const struct trace_mark *mark, __u64 now,
					  const struct told *told)
{
	__u32 flags = told->left_out ? IDENTITY_LEFT_OUT : 0;

	if (is_held(identity, head)) {
		identity->last_ns = now;
		identity->flags = flags | (mark->cloned ? IDENTITY_CLONED : 0) | mark->stage << 8 | mark->ifindex << 16;
	}
	if (told->first && !told->left_out && !is_held(identity, head))
		add(&this_cpu_totals()->identity_full, 1);
}

static __always_inline void end_identity(struct identity *identity, __u64 head)
{
	if (is_held(identity, head))
		identity->head = 0;
}

#endif

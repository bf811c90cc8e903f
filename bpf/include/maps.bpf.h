/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every map, and the counters that user space reads straight from memory. */
#ifndef HOPSCOPE_MAPS_BPF_H
#define HOPSCOPE_MAPS_BPF_H

#include "compat.bpf.h"
#include "config.bpf.h"
#include "hop_shared.h"

/* One ring for all CPUs keeps the records in order. User space sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring SEC(".maps");

/*
 * skb->head → the packet it holds: a table with four places for each head, in plain memory. A hash map costs three times as much for each
 * lookup, and its own eviction cannot be counted.
 */
#define IDENTITY_SLOT_BITS 14
#define IDENTITY_PLACES 4
#define IDENTITY_LEFT_OUT 1 /* not followed */
#define IDENTITY_CLONED 2   /* seen with skb->cloned */
struct identity {
	__u64 head; /* 0 = free */
	__u64 packet_id;
	__u64 last_ns;
	__u32 fingerprint;
	__u32 flags; /* IDENTITY_*, and from bit 8 on the last stage, from bit 16 on the last device */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, IDENTITY_PLACES << IDENTITY_SLOT_BITS);
	__type(key, __u32);
	__type(value, struct identity);
} identities SEC(".maps");

/*
 * The sampling shift + 1 under which the last packet of a fate was chosen or not; 0 = none yet. The packets of one exchange have one fate
 * (see parse.bpf.h), so what answers a packet is followed exactly when that packet was, though the shift has changed in between.
 */
struct fates {
	__u8 shift[1 << 16];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fates);
} fates SEC(".maps");

/* The last route lookups of a CPU. That many, because an ICMPv6 error to the sender, which comes before the drop, needs some of its own. */
#define REMEMBERED_LOOKUPS 8
struct lookup {
	struct hop_fib_lookup is;
	__u64 jiffies;
	__u32 inum; /* of the namespace; 0 = the lookup did not tell */
	__u32 unused;
};

struct lookups {
	struct lookup last[REMEMBERED_LOOKUPS];
	__u32 next;
	__u32 unused;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lookups);
} lookups SEC(".maps");

/* inum → 1 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HOP_NETNS_FILTER_MAX);
	__type(key, __u32);
	__type(value, __u8);
} netns_filter SEC(".maps");

/* See hop_shared.h. User space sets the size: it knows the number of CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, HOP_STAGE_COUNT * HOP_DEVICE_SLOTS);
	__type(key, __u32);
	__type(value, struct hop_device_count);
} device_counts SEC(".maps");

struct hop_totals totals = {};

/* What user space may change later, alone in .data. */
struct hop_control control SEC(".data") = {};

static __always_inline struct hop_cpu_totals *this_cpu_totals(void)
{
	return &totals.cpu[bpf_get_smp_processor_id() & (HOP_CPU_SLOTS - 1)];
}

/* To a counter that several programs count in: one may interrupt another on the same CPU between a load and a store. */
static __always_inline void add(__u64 *counter, __u64 count)
{
	__sync_fetch_and_add(counter, count);
}

/* To a counter that one program counts in on each CPU. */
static __always_inline void add_own(__u64 *counter, __u64 count)
{
	if (config.no_reentry)
		*counter += count;
	else
		add(counter, count);
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filter first, then identity, then one record. A packet that is not for us never reaches the ring. */
#ifndef HOPSCOPE_EMIT_BPF_H
#define HOPSCOPE_EMIT_BPF_H

#include "evidence.bpf.h"
#include "filter.bpf.h"
#include "identity.bpf.h"
#include "paged.bpf.h"
#include "sampling.bpf.h"

#define ARPHRD_ETHER 1
#define ARPHRD_LOOPBACK 772
/* However full the ring is, no more wake-ups than this. */
#define WAKE_PAUSE_NS 1000000ll

/*
 * A table for each CPU and stage is written by one program on one CPU, which the kernel does not let re-enter itself (before 6.2 an
 * interrupt could; add_own covers that, but for the instant in which a device is entered).
 */
static __always_inline void count_device(const struct place *place, __u32 stage, __u32 bytes)
{
	__u64 device = (__u64)place->inum << 32 | place->ifindex;
	__u32 hash = table_slot(device, 10);
	__u32 table = (bpf_get_smp_processor_id() * HOP_STAGE_COUNT + stage) * HOP_DEVICE_SLOTS;

	if (place->ifindex == 0)
		return;
	for (__u32 i = 0; i < HOP_DEVICE_PROBES; i++) {
		__u32 at = table + ((hash + i) & (HOP_DEVICE_SLOTS - 1));
		struct hop_device_count *count = bpf_map_lookup_elem(&device_counts, &at);

		if (!count)
			break;
		if (count->device == 0)
			count->device = device;
		if (count->device != device)
			continue;
		add_own(&count->packets, 1);
		add_own(&count->bytes, bytes);
		return;
	}
	add(&this_cpu_totals()->device_full, 1);
}

/*
 * A wake-up costs eight times the record it announces. The reader is woken for the first record after a quiet time and by the watermark,
 * and otherwise drains on its own timer (native/index.d.ts, quietMs).
 */
static __always_inline __u64 wake_flags(__u64 now, __u64 seen)
{
	/* Signed: another CPU may have woken the reader after our `now`. */
	__s64 since = now - totals.last_wake_ns;

	if (since <= WAKE_PAUSE_NS)
		return BPF_RB_NO_WAKEUP;
	/* Asking for the fill level touches the consumer's cache line: every 256th record is often enough. */
	if (since <= (__s64)config.wake_after_ns &&
	    ((seen & 255) != 0 || bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) <= config.watermark_bytes))
		return BPF_RB_NO_WAKEUP;
	totals.last_wake_ns = now;
	return BPF_RB_FORCE_WAKEUP;
}

/* What all records about one packet at one moment have in common. */
struct sight {
	struct place place;
	__u64 now;
	__u64 packet_id;
	__u64 skb_id;
	__u32 len;
	__u32 skb_iif;
	__u16 dataref;
	__u16 protocol;
	__u8 flags;
};

/*
 * Counts a record and finds room for it. NULL when there is none, which is counted, too. `program_stage` says who counts: an argument, and
 * not in `sight`, because verifiers up to 6.1 forget what a byte on the stack holds.
 */
static __always_inline struct hop_record *reserve_record(const struct sight *sight, __u32 program_stage, __u32 stage, __u64 *seen)
{
	__u64 *counter = &this_cpu_totals()->seen[program_stage];
	struct hop_record *record;

	/* Not the add's own answer, which needs 5.12 (5ca419f2864a): about which record it is, nothing but a wake-up depends. */
	*seen = *counter;
	add_own(counter, 1);
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		add(&this_cpu_totals()->ring_full, 1);
		adapt_sampling(sight->now);
		return NULL;
	}
	if ((*seen & config.look_mask) == 0)
		adapt_sampling(sight->now);
	record->time_ns = sight->now;
	record->packet_id = sight->packet_id;
	record->skb_id = sight->skb_id;
	record->netns_cookie = sight->place.cookie;
	record->netns_inum = sight->place.inum;
	record->ifindex = sight->place.ifindex;
	record->len = sight->len;
	record->drop_reason = 0;
	record->drop_location = 0;
	((__u64 *)record->ifname)[0] = sight->place.ifname[0];
	((__u64 *)record->ifname)[1] = sight->place.ifname[1];
	record->skb_iif = sight->skb_iif;
	record->stage = stage;
	record->flags = sight->flags;
	record->dataref = sight->dataref;
	record->protocol = sight->protocol;
	record->link_type = sight->place.link_type;
	record->vlan_tci = 0;
	record->vlan_proto = 0;
	record->cpu = bpf_get_smp_processor_id();
	return record;
}

/* What is behind header_len stays as the ring had it: bytes of older records' headers, which the reader clears off the packets' way. */
static __always_inline void copy_headers(const struct sk_buff *skb, __u64 bytes_at, __u32 l3, __u64 parsed, struct hop_record *record)
{
	__u32 start = l3;
	__u32 l4_offset;
	__u64 bytes;

	if (record->link_type == ARPHRD_ETHER || record->link_type == ARPHRD_LOOPBACK)
		start = mac_or(READ(skb, mac_header), l3);
	bytes = l3 - start + PARSED_L3_TO_END(parsed);
	if (bytes > HOP_HEADER_BYTES) {
		bytes = HOP_HEADER_BYTES;
		record->flags |= HOP_FLAG_CUT;
	}
	/* Keeps the compiler from moving the test away from the register that the helper gets, where the verifier wants it. */
	asm volatile("%0 &= 0xff\n\tif %0 <= %1 goto +1\n\t%0 = %1" : "+r"(bytes) : "i"(HOP_HEADER_BYTES));
	bpf_probe_read_kernel(record->headers, bytes, (const void *)(bytes_at + start));
	record->header_len = bytes;
	record->l3_offset = l3 - start;
	l4_offset = l3 - start + PARSED_L3_TO_L4(parsed);
	record->l4_offset = l4_offset + 8 > bytes ? HOP_NO_OFFSET : l4_offset;
}

/*
 * Neither the end of a clone whose packet lives on, nor that of a packet which its route led to a host that had no use for it: so ends every
 * echo reply after a socket has read its clone.
 */
static __always_inline bool is_drop(bool is_last, __u32 reason)
{
	if (config.reason_no_socket == ~0ull || reason == config.reason_not_specified)
		return is_last;
	return reason != config.reason_no_socket;
}

/* Before the record of a drop: what was looked up for this packet, oldest first. `l3` is the address of its outermost IP header. */
static __always_inline void emit_lookups(const struct sight *sight, __u64 l3)
{
	__u32 zero = 0;
	struct lookups *mine = bpf_map_lookup_elem(&lookups, &zero);
	__u32 found = matching_lookups(l3, sight->place.inum, sight->flags & HOP_FLAG_FROM_HERE);

	if (!mine || !found)
		return;
	for (__u32 i = 0; i < REMEMBERED_LOOKUPS; i++) {
		__u32 at = (mine->next + i) & (REMEMBERED_LOOKUPS - 1);
		struct lookup *lookup = &mine->last[at];
		struct hop_record *record;
		__u64 seen;

		if (!(found >> at & 1))
			continue;
		count_device(&sight->place, HOP_STAGE_fib_table_lookup, sight->len);
		record = reserve_record(sight, HOP_STAGE_kfree_skb, HOP_STAGE_fib_table_lookup, &seen);
		if (!record)
			continue;
		record->flags &= ~HOP_FLAG_LAST;
		__builtin_memcpy(record->headers, &lookup->is, sizeof(lookup->is));
		record->header_len = sizeof(lookup->is);
		record->l3_offset = HOP_NO_OFFSET;
		record->l4_offset = HOP_NO_OFFSET;
		bpf_ringbuf_submit(record, wake_flags(sight->now, seen));
	}
}

static __always_inline int handle_hop(const struct sk_buff *skb, __u32 stage, __u64 drop_location, __u32 drop_reason)
{
	/* Up here, where one path leads: for each path to a typed pointer's load the verifier searches all of the kernel's BTF (6.3 and later). */
	const struct net_device *dev = READ(skb, dev);
	const struct sock *sk = READ(skb, sk);
	struct sight sight = {};
	struct trace_mark mark = {};
	struct identity *identity;
	struct hop_record *record;
	struct told told = {};
	bool is_last, at_data;
	__u64 seen, head, bytes_at, parsed;
	__u32 linear_end, start, l3;

	sight.protocol = bpf_ntohs(READ(skb, protocol));
	if (!is_ip(sight.protocol))
		return 0;
	linear_end = READ(skb, tail);
	start = READ(skb, network_header);
	at_data = is_at_data(skb, stage, start);
	if (at_data)
		start = READ(skb, data) - READ(skb, head);
	parsed = parse_at_once(READ(skb, head), linear_end, start, sight.protocol);
	if (!parsed)
		return 0;
	head = read_head_address(skb);
	bytes_at = head;
	if (parsed == PARSE_FURTHER) {
		parsed = parse_packet(head, linear_end, start, sight.protocol, at_data);
		if (!parsed)
			parsed = parse_paged(skb, stage, linear_end, start, sight.protocol, at_data, &bytes_at);
		if (!parsed)
			return 0;
	}
	l3 = start + PARSED_START_TO_L3(parsed);
	sight.now = bpf_ktime_get_ns();
	read_place(dev, sk, &sight.place);
	sight.skb_iif = READ(skb, skb_iif);
	mark.fingerprint = PARSED_FINGERPRINT(parsed);
	mark.stage = stage;
	mark.ifindex = sight.place.ifindex;
	mark.cloned = READ_BIT(skb, cloned);
	mark.has_come_in = sight.skb_iif;
	identity = take_identity(head, &mark, sight.now, &told);
	if (!identity) /* cannot be; the verifier does not know */
		return 0;
	sight.dataref = read_dataref(head, READ(skb, end));
	is_last = is_free(stage) && sight.dataref <= 1;
	if (!passes_filter(&sight.place, !told.first)) {
		/* The packet ends also where nobody looks. */
		if (is_last && !told.first)
			end_identity(identity, head);
		return 0;
	}
	if (told.first)
		begin_identity(identity, head, &mark, sight.now, !is_followed(parsed, sight.now), &told);
	mark_identity(identity, head, &mark, sight.now, &told);
	sight.packet_id = told.packet_id;
	sight.len = READ(skb, len);
	count_device(&sight.place, stage, sight.len);
	if (is_last)
		end_identity(identity, head);
	if (told.left_out) {
		add_own(&this_cpu_totals()->seen[stage], 1);
		add(&this_cpu_totals()->sampled_out, 1);
		return 0;
	}

	sight.skb_id = opaque_skb_id(skb);
	/* Not the socket alone: it stays with a packet that crosses a veth. A copy has none. */
	sight.flags = (mark.cloned ? HOP_FLAG_CLONED : 0) | (told.first ? HOP_FLAG_FIRST : 0) | (is_last ? HOP_FLAG_LAST : 0) |
		      (sk && !sight.skb_iif && !is_way_in(stage) ? HOP_FLAG_FROM_HERE : 0);
	if (stage == HOP_STAGE_kfree_skb && is_drop(is_last, drop_reason))
		emit_lookups(&sight, bytes_at + l3);
	record = reserve_record(&sight, stage, stage, &seen);
	if (!record)
		return 0;
	record->drop_reason = drop_reason;
	record->drop_location = drop_location;
	if (has_vlan_tag(skb)) {
		record->flags |= HOP_FLAG_VLAN;
		record->vlan_tci = READ(skb, vlan_tci);
		record->vlan_proto = bpf_ntohs(READ(skb, vlan_proto));
	}
	copy_headers(skb, bytes_at, l3, parsed, record);
	bpf_ringbuf_submit(record, wake_flags(sight.now, seen));
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Filter first, then identity, then one record. A packet that is not for us never reaches the ring. */
#ifndef HOPSCOPE_EMIT_BPF_H
#define HOPSCOPE_EMIT_BPF_H

#include "filter.bpf.h"
#include "identity.bpf.h"
#include "paged.bpf.h"

#define ARPHRD_ETHER 1
#define ARPHRD_LOOPBACK 772
/* However full the ring is, no more wake-ups than this. */
#define WAKE_PAUSE_NS 1000000ll

/*
 * A table for each CPU and stage is written by one program on one CPU, which the kernel does not let re-enter itself (before 6.2 an
 * interrupt could; the atomic add covers that, but for the instant in which a device is entered).
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
		__sync_fetch_and_add(&count->packets, 1);
		__sync_fetch_and_add(&count->bytes, bytes);
		return;
	}
	__sync_fetch_and_add(&this_cpu_totals()->device_full, 1);
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

static __always_inline void copy_headers(const struct sk_buff *skb, __u64 bytes_at, __u64 parsed, const struct place *place,
					 struct hop_record *record)
{
	__u32 l3 = PARSED_L3(parsed);
	__u32 start = l3;
	__u32 l4_offset;
	__u64 bytes;

	if (place->link_type == ARPHRD_ETHER || place->link_type == ARPHRD_LOOPBACK)
		start = mac_or(READ(skb, mac_header), l3);
	bytes = l3 - start + PARSED_L3_TO_END(parsed);
	if (bytes > HOP_HEADER_BYTES) {
		bytes = HOP_HEADER_BYTES;
		record->flags |= HOP_FLAG_CUT;
	}
	/* Keeps the compiler from moving the test away from the register that the helper gets, where the verifier wants it. */
	asm volatile("%0 &= 0xff\n\tif %0 <= %1 goto +1\n\t%0 = %1" : "+r"(bytes) : "i"(HOP_HEADER_BYTES));
	__builtin_memset(record->headers, 0, HOP_HEADER_BYTES);
	bpf_probe_read_kernel(record->headers, bytes, (const void *)(bytes_at + start));
	record->header_len = bytes;
	record->l3_offset = l3 - start;
	l4_offset = l3 - start + PARSED_L3_TO_L4(parsed);
	record->l4_offset = l4_offset + 8 > bytes ? HOP_NO_OFFSET : l4_offset;
}

static __always_inline int handle_hop(const struct sk_buff *skb, __u32 stage, __u64 drop_location, __u32 drop_reason)
{
	const struct net_device *dev = READ(skb, dev);
	const struct sock *sk = READ(skb, sk);
	struct place place = {};
	struct identity *identity;
	struct hop_cpu_totals *mine;
	struct hop_record *record;
	bool is_free = stage == HOP_STAGE_kfree_skb || stage == HOP_STAGE_consume_skb;
	bool first, is_last;
	__u16 protocol = bpf_ntohs(READ(skb, protocol));
	__u64 now, seen, head, bytes_at, parsed, packet_id;
	__u16 dataref;
	__u32 linear_end, start, len, skb_iif;

	if (!is_ip(protocol))
		return 0;
	linear_end = READ(skb, tail);
	start = is_way_in(stage) ? READ(skb, data) - READ(skb, head) : READ(skb, network_header);
	parsed = parse_at_once(READ(skb, head), linear_end, start, protocol);
	if (!parsed)
		return 0;
	head = read_head_address(skb);
	bytes_at = head;
	if (parsed == PARSE_FURTHER) {
		parsed = parse_packet(head, linear_end, start, protocol, is_way_in(stage));
		if (!parsed)
			parsed = parse_paged(skb, stage, linear_end, start, protocol, &bytes_at);
		if (!parsed)
			return 0;
	}
	now = bpf_ktime_get_ns();
	identity = find_identity(head, PARSED_FINGERPRINT(parsed), now);
	first = identity == NULL;
	read_place(dev, sk, &place);
	dataref = read_dataref(head, READ(skb, end));
	is_last = is_free && dataref <= 1;
	if (!passes_filter(&place, !first)) {
		/* The packet ends also where nobody looks. */
		if (is_last && identity)
			identity->head = 0;
		return 0;
	}
	if (first)
		identity = take_identity(head, PARSED_FINGERPRINT(parsed), now);
	if (!identity)
		return 0;
	identity->last_ns = now;
	packet_id = packet_id_of(identity, head);

	len = READ(skb, len);
	skb_iif = READ(skb, skb_iif);
	count_device(&place, stage, len);
	if (is_last)
		identity->head = 0;

	mine = this_cpu_totals();
	/* Not the add's own answer, which needs 5.12 (5ca419f2864a): about which record it is, nothing but a wake-up depends. */
	seen = mine->seen;
	__sync_fetch_and_add(&mine->seen, 1);
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		__sync_fetch_and_add(&mine->ring_full, 1);
		return 0;
	}
	record->time_ns = now;
	record->packet_id = packet_id;
	record->skb_id = opaque_skb_id(skb);
	record->netns_cookie = place.cookie;
	record->netns_inum = place.inum;
	record->ifindex = place.ifindex;
	record->len = len;
	record->drop_reason = drop_reason;
	record->drop_location = drop_location;
	((__u64 *)record->ifname)[0] = place.ifname[0];
	((__u64 *)record->ifname)[1] = place.ifname[1];
	record->skb_iif = skb_iif;
	record->stage = stage;
	record->dataref = dataref;
	record->protocol = protocol;
	record->link_type = place.link_type;
	record->cpu = bpf_get_smp_processor_id();
	/* Not the socket alone: it stays with a packet that crosses a veth. A copy has none. */
	record->flags = (READ_BIT(skb, cloned) ? HOP_FLAG_CLONED : 0) | (first ? HOP_FLAG_FIRST : 0) |
			(is_last ? HOP_FLAG_LAST : 0) | (sk && !skb_iif && !is_way_in(stage) ? HOP_FLAG_FROM_HERE : 0);
	record->vlan_tci = 0;
	record->vlan_proto = 0;
	if (has_vlan_tag(skb)) {
		record->flags |= HOP_FLAG_VLAN;
		record->vlan_tci = READ(skb, vlan_tci);
		record->vlan_proto = bpf_ntohs(READ(skb, vlan_proto));
	}
	copy_headers(skb, bytes_at, parsed, &place, record);
	bpf_ringbuf_submit(record, wake_flags(now, seen));
	return 0;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Headers outside of an skb's first, linear buffer: a ping of more than 16 KiB over loopback, a driver that leaves all of a packet in pages.
 * Programs reach those only by a kernel function (6.11: "bpf: Allow bpf_dynptr_from_skb() for tp_btf"), so this is a build of its own.
 */
#ifndef HOPSCOPE_PAGED_BPF_H
#define HOPSCOPE_PAGED_BPF_H

#include "parse.bpf.h"

#ifdef HOPSCOPE_PAGED

extern int bpf_dynptr_from_skb(const struct sk_buff *skb, __u64 flags, struct bpf_dynptr *dynptr) __ksym;

/* What is linear of the headers, and what is copied behind it. */
#define PAGED_LINEAR_MAX 256
#define PAGED_COPY_BYTES 256

struct paged_headers {
	__u8 bytes[PAGED_LINEAR_MAX + PAGED_COPY_BYTES];
};

/* One for each stage: the kernel lets no program interrupt itself. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HOP_STAGE_COUNT);
	__type(key, __u32);
	__type(value, struct paged_headers);
} paged_headers SEC(".maps");

/* As parse_packet, for headers that it could not read. Moves *bytes, from which offsets count, to a copy. */
static __always_inline __u64 parse_paged(const struct sk_buff *skb, __u32 stage, __u32 linear_end, __u32 start, __u32 protocol, bool at_data,
					 __u64 *bytes)
{
	__u32 paged = READ(skb, data_len);
	__u32 from = mac_or(READ(skb, mac_header), start);
	__u64 linear = linear_end - from;
	struct paged_headers *copy = bpf_map_lookup_elem(&paged_headers, &stage);
	struct bpf_dynptr dynptr;
	__u64 address = 0;

	if (!paged || !copy || linear_end < from || linear >= PAGED_LINEAR_MAX || bpf_dynptr_from_skb(skb, 0, &dynptr))
		return 0;
	if (paged > PAGED_COPY_BYTES)
		paged = PAGED_COPY_BYTES;
	asm volatile("%0 &= 0xff" : "+r"(linear)); /* as it is; the verifier has lost sight of it */
	if (bpf_probe_read_kernel(copy->bytes, linear, (const void *)(*bytes + from)) ||
	    bpf_dynptr_read(&copy->bytes[linear], paged, &dynptr, READ(skb, len) - READ(skb, data_len), 0) ||
	    bpf_probe_read_kernel(&address, sizeof(address), &copy))
		return 0;
	*bytes = address - from;
	return parse_packet(*bytes, from + linear + paged, start, protocol, at_data);
}

#else

static __always_inline __u64 parse_paged(const struct sk_buff *skb, __u32 stage, __u32 linear_end, __u32 start, __u32 protocol, bool at_data,
					 __u64 *bytes)
{
	return 0;
}

#endif
#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Under overload, fewer packets from end to end instead of pieces of all.
 *
 * Whether a packet is followed is decided at its first sight and remembered with its identity. The draw is made from its fate (l4.bpf.h), so
 * that request, reply and errors fall together; an answer is drawn as what it answers was, though the sampling has changed since.
 * Records of packets that are not followed are counted and never reach the ring.
 */
#ifndef HOPSCOPE_SAMPLING_BPF_H
#define HOPSCOPE_SAMPLING_BPF_H

#include "config.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

/* Looks how full the ring is and follows more or fewer from now on. CPUs that race for this agree on most of it. */
static __always_inline void adapt_sampling(__u64 now)
{
	__u64 shift = totals.sampling_shift;
	__u64 waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
	/* Signed: another CPU may have changed it after our `now`. */
	__s64 since = now - totals.sampling_changed_ns;
	__u64 next = hop_sampling_now(waiting, config.ring_bytes, shift, since > 0 ? since : 0);

	if (next == shift)
		return;
	totals.sampling_changed_ns = now;
	totals.sampling_shift = next;
}

/* For a packet at first sight. */
static __always_inline bool is_followed(__u64 parsed, __u64 now)
{
	/* A bijection of 16 bits, another one in each capture: of 65,536 sequence numbers exactly one in 2^shift is followed. */
	__u32 draw = ((PARSED_FATE(parsed) ^ (__u32)config.id_keys[0]) * 40503) & 0xffff;
	__u32 zero = 0;
	struct fates *known = bpf_map_lookup_elem(&fates, &zero);
	__u64 shift;

	if (!known)
		return true;
	/* After a quiet time nobody else looks. */
	if (totals.sampling_shift && (__s64)(now - totals.sampling_changed_ns) > (__s64)HOP_SAMPLING_HOLD_NS)
		adapt_sampling(now);
	shift = totals.sampling_shift;
	if (shift < control.asked_shift)
		shift = control.asked_shift;
	if (PARSED_IS_ANSWER(parsed) && known->shift[draw])
		shift = known->shift[draw] - 1;
	else
		known->shift[draw] = shift + 1;
	/* The highest bits are the ones that all bits of the fate have a part in. */
	return draw >> (16 - (shift & 31)) == 0;
}

#endif

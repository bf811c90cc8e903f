/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only OR BSD-2-Clause */
/* What else both sides see besides the record: settings on the way in, totals on the way out. */
#ifndef HOPSCOPE_HOP_SHARED_H
#define HOPSCOPE_HOP_SHARED_H

#include "hop_record.h"

#define HOP_PORTS_MAX 16

#define HOP_WANT_ICMP 1
#define HOP_WANT_ICMP6 2
#define HOP_WANT_UDP 4
#define HOP_WANT_TCP 8

/* The programs' .rodata: fixed before they are loaded. */
struct hop_config {
	/* Secret, fresh for every capture: turns kernel addresses into opaque ids. */
	hop_u64 id_keys[4];
	/* Zero padded; both words 0 = every device. */
	hop_u64 ifname[2];
	/* The reader is woken for a record when it was not woken for this long … */
	hop_u64 wake_after_ns;
	/* … or when this many bytes wait. */
	hop_u64 watermark_bytes;
	/* Not 0: only namespaces in the netns_filter map pass. */
	hop_u64 by_netns;
	/* HOP_WANT_* */
	hop_u64 wanted;
	/* Of UDP and TCP; the first port_count of them. 0 = every port. In host order. */
	hop_u64 port_count;
	hop_u64 ports[HOP_PORTS_MAX];
	/* A record whose number has none of these bits looks how full the ring is. */
	hop_u64 look_mask;
	hop_u64 ring_bytes;
	/* The running kernel's numbers: frees that are no drops. All ones = it has none. */
	hop_u64 reason_not_specified;
	hop_u64 reason_no_socket;
	/* Not 0: the kernel lets no program interrupt itself, so that a counter of one program's own needs no atomic add. */
	hop_u64 no_reentry;
};

/* Totals of one CPU, on cache lines of their own. CPUs beyond the array share them. */
#define HOP_CPU_SLOTS 512
struct hop_cpu_totals {
	/* By the stage of the program that saw them. */
	hop_u64 seen[HOP_STAGE_COUNT];
	hop_u64 ring_full;
	hop_u64 identity_full;
	/* Packets of devices that found no slot in device_counts. */
	hop_u64 device_full;
	/* Records of packets that are not followed. */
	hop_u64 sampled_out;
	hop_u64 unused;
};

/* The programs' .bss, mapped read-only by user space. */
struct hop_totals {
	struct hop_cpu_totals cpu[HOP_CPU_SLOTS];
	hop_u64 last_wake_ns;
	/* What the ring's fill level asked for, and when that last changed: see hop_sampling_now. */
	hop_u64 sampling_shift;
	hop_u64 sampling_changed_ns;
};

/* The programs' .data, written by user space while they run. */
struct hop_control {
	/* Follow one packet in 2^asked_shift at most. */
	hop_u64 asked_shift;
};

/*
 * Sampling: one packet in 2^shift is followed. Up to half of the ring all are. From there each sixteenth halves them, so that the ring fills
 * ever more slowly and a load of up to 2^8 times what the reader takes settles below the brim; two CPUs make no more than some ten times.
 * Up at once, down one step in HOP_SAMPLING_HOLD_NS: the reader empties the ring in bursts some 10 ms apart, which must not swing it.
 */
#define HOP_SAMPLING_MAX_SHIFT 16
#define HOP_SAMPLING_HOLD_NS 50000000ull

static inline __attribute__((always_inline)) hop_u64 hop_sampling_now(hop_u64 waiting_bytes, hop_u64 ring_bytes, hop_u64 shift,
								      hop_u64 since_change_ns)
{
	hop_u64 sixteenths = waiting_bytes / (ring_bytes / 16);
	hop_u64 needed = sixteenths < 8 ? 0 : sixteenths - 7;
	hop_u64 steps = since_change_ns / HOP_SAMPLING_HOLD_NS;

	if (needed >= shift)
		return needed;
	return shift - needed > steps ? shift - steps : needed;
}

/*
 * Exact counts by device, a hash table for each CPU and stage in the device_counts array, mapped by user space. An entry is at
 * (cpu * HOP_STAGE_COUNT + stage) * HOP_DEVICE_SLOTS + slot, in one of HOP_DEVICE_PROBES slots from the device's hash on.
 */
#define HOP_DEVICE_SLOTS 1024
#define HOP_DEVICE_PROBES 16
struct hop_device_count {
	hop_u64 device; /* inum << 32 | ifindex; 0 = free */
	hop_u64 packets;
	hop_u64 bytes;
};

#define HOP_NETNS_FILTER_MAX 1024

#endif

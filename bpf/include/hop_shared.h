/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only OR BSD-2-Clause */
/* What else both sides see besides the record: settings on the way in, totals on the way out. */
#ifndef HOPSCOPE_HOP_SHARED_H
#define HOPSCOPE_HOP_SHARED_H

#include "hop_record.h"

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
};

/* Totals of one CPU, on a cache line of their own. CPUs beyond the array share a line. */
#define HOP_CPU_SLOTS 512
struct hop_cpu_totals {
	hop_u64 seen;
	hop_u64 ring_full;
	hop_u64 identity_full;
	/* Packets of devices that found no slot in device_counts. */
	hop_u64 device_full;
	hop_u64 unused[4];
};

/* The programs' .bss, mapped read-only by user space. */
struct hop_totals {
	struct hop_cpu_totals cpu[HOP_CPU_SLOTS];
	hop_u64 last_wake_ns;
};

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

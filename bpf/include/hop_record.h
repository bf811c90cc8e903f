/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only OR BSD-2-Clause */
/*
 * Contract 1: the record.
 *
 * One record is one packet at one tracepoint. The kernel side writes it into the
 * ring buffer, the addon copies it out, and the very same bytes travel to the
 * page and into a recording. HOP_RECORD_FIELDS below is the only definition of
 * its layout: the C struct, its assertions and packages/protocol's decoder table
 * (scripts/generate-record-layout.mjs) are all made from it.
 *
 * Rules: little-endian, naturally aligned, no padding, append only.
 */
#ifndef HOPSCOPE_HOP_RECORD_H
#define HOPSCOPE_HOP_RECORD_H

#ifdef __bpf__
typedef __u8 hop_u8;
typedef __u16 hop_u16;
typedef __u32 hop_u32;
typedef __u64 hop_u64;
#else
#include <stddef.h>
#include <stdint.h>
typedef uint8_t hop_u8;
typedef uint16_t hop_u16;
typedef uint32_t hop_u32;
typedef uint64_t hop_u64;
#endif

#define HOP_IFNAME_BYTES 16
/* MAC (14) + two VLAN tags (8) + IPv6 (40) + ICMPv6 (8) + quoted IPv6 (40) + quoted L4 (8) = 118,
 * or 14 + the longest IPv4 header (60) + 8 + the same quoted (28) = 110; longer ones are cut. */
#define HOP_HEADER_BYTES 128
#define HOP_RECORD_BYTES 224

/* An offset inside `headers` that does not exist (no MAC header, no L4 header in a later fragment). */
#define HOP_NO_OFFSET 0xffff

/*
 * X(type, name, count, offset). `count` is 1 for a scalar.
 *
 * time_ns       CLOCK_MONOTONIC when the tracepoint fired
 * packet_id     opaque; the same for every skb that shares one packet's data
 * skb_id        opaque; tells the clones of one packet apart
 * netns_cookie  the namespace's cookie, never reused; 0 = this kernel has none, or no device
 * netns_inum    the namespace's inode number, as in /proc/PID/ns/net; 0 = no device
 * ifindex       the device, unique only inside its namespace; 0 = no device
 * len           skb->len at this point: bytes
 * drop_reason   kfree_skb: enum skb_drop_reason of the running kernel; icmp_send: the error's type << 8 | its code
 * drop_location kfree_skb only: in the ring an address, out of drain() an index for locationNames()
 * ifname        zero padded
 * skb_iif       ifindex the skb came in on, 0 = local
 * stage         enum hop_stage
 * flags         HOP_FLAG_*
 * dataref       users of the packet's data, this skb included (1 = the only one)
 * header_len    bytes used in `headers`; out of drain() the others are zero
 * l3_offset     of the IP header in `headers`
 * l4_offset     of the L4 header behind that IP header (a tunnel's, where there is one), HOP_NO_OFFSET when it is not there (later
 *               fragment, cut)
 * protocol      skb->protocol in host order (an EtherType)
 * link_type     the device's ARPHRD_* type
 * vlan_tci      accelerated VLAN tag (not in the bytes), with HOP_FLAG_VLAN
 * vlan_proto    its EtherType, host order
 * cpu           where the tracepoint fired
 * headers       MAC header to the end of the L4 header, with the headers of tunnels in between and those that an ICMP error quotes; no
 *               payload. For fib_table_lookup a struct hop_fib_lookup instead, l3_offset and l4_offset are HOP_NO_OFFSET
 */
#define HOP_RECORD_FIELDS(X)                    \
	X(hop_u64, time_ns, 1, 0)               \
	X(hop_u64, packet_id, 1, 8)             \
	X(hop_u64, skb_id, 1, 16)               \
	X(hop_u64, netns_cookie, 1, 24)         \
	X(hop_u32, netns_inum, 1, 32)           \
	X(hop_u32, ifindex, 1, 36)              \
	X(hop_u32, len, 1, 40)                  \
	X(hop_u32, drop_reason, 1, 44)          \
	X(hop_u64, drop_location, 1, 48)        \
	X(hop_u8, ifname, HOP_IFNAME_BYTES, 56) \
	X(hop_u32, skb_iif, 1, 72)              \
	X(hop_u8, stage, 1, 76)                 \
	X(hop_u8, flags, 1, 77)                 \
	X(hop_u16, dataref, 1, 78)              \
	X(hop_u16, header_len, 1, 80)           \
	X(hop_u16, l3_offset, 1, 82)            \
	X(hop_u16, l4_offset, 1, 84)            \
	X(hop_u16, protocol, 1, 86)             \
	X(hop_u16, link_type, 1, 88)            \
	X(hop_u16, vlan_tci, 1, 90)             \
	X(hop_u16, vlan_proto, 1, 92)           \
	X(hop_u16, cpu, 1, 94)                  \
	X(hop_u8, headers, HOP_HEADER_BYTES, 96)

/*
 * Stage = tracepoint. The names are the kernel's; X(name, value). The last two are no sights of the packet but evidence about it:
 * fib_table_lookup is the answer to a route lookup for this packet, written right before the record of its drop; icmp_send says that the
 * kernel answers this packet with an ICMP error.
 */
#define HOP_STAGES(X)                 \
	X(net_dev_queue, 1)           \
	X(net_dev_start_xmit, 2)      \
	X(netif_rx, 3)                \
	X(napi_gro_receive_entry, 4)  \
	X(netif_receive_skb_entry, 5) \
	X(netif_receive_skb, 6)       \
	X(kfree_skb, 7)               \
	X(consume_skb, 8)             \
	X(fib_table_lookup, 9)        \
	X(icmp_send, 10)

enum hop_stage {
#define X(name, value) HOP_STAGE_##name = (value),
	HOP_STAGES(X)
#undef X
};
#define HOP_STAGE_COUNT 11 /* one past the largest value */

#define HOP_FLAG_CLONED 0x01    /* skb->cloned */
#define HOP_FLAG_VLAN 0x02      /* vlan_tci and vlan_proto are set */
#define HOP_FLAG_CUT 0x04       /* headers were longer than HOP_HEADER_BYTES */
#define HOP_FLAG_FIRST 0x08     /* first sight of this packet_id */
#define HOP_FLAG_LAST 0x10      /* a free that ends the packet: no other skb holds its data */
#define HOP_FLAG_FROM_HERE 0x20 /* on the way out: made in this namespace, not forwarded */

/*
 * What `headers` holds in a fib_table_lookup record. X(type, name, count, offset).
 *
 * table     254 main, 255 local, or the number of a table of one's own
 * error     0 = a route was found; else a positive errno: 101 network unreachable (also: this table has none, which is 11 to the
 *           kernel), 113 host unreachable, 13 prohibited, 22 blackhole
 * oif       ifindex of the route's device; 0 = none
 * family    4 or 6
 * src, dst  asked for; IPv4 in the first four bytes
 * gateway   of the route, zero = directly connected
 */
#define HOP_FIB_LOOKUP_BYTES 64
#define HOP_FIB_FIELDS(X)             \
	X(hop_u32, table, 1, 0)       \
	X(hop_u32, error, 1, 4)       \
	X(hop_u32, oif, 1, 8)         \
	X(hop_u32, family, 1, 12)     \
	X(hop_u8, src, 16, 16)        \
	X(hop_u8, dst, 16, 32)        \
	X(hop_u8, gateway, 16, 48)

/* One element is a scalar, several are an array. */
#define HOP_FIELD_1(type, name) type name;
#define HOP_FIELD_16(type, name) type name[16];
#define HOP_FIELD_128(type, name) type name[128];
#define HOP_FIELD_PASTE(count) HOP_FIELD_##count
#define HOP_FIELD_OF(count) HOP_FIELD_PASTE(count)

struct hop_record {
#define X(type, name, count, offset) HOP_FIELD_OF(count)(type, name)
	HOP_RECORD_FIELDS(X)
#undef X
};

struct hop_fib_lookup {
#define X(type, name, count, offset) HOP_FIELD_OF(count)(type, name)
	HOP_FIB_FIELDS(X)
#undef X
};

#ifdef __cplusplus
#define HOP_STATIC_ASSERT static_assert
#else
#define HOP_STATIC_ASSERT _Static_assert
#endif

#define X(type, name, count, offset)                                                 \
	HOP_STATIC_ASSERT(__builtin_offsetof(struct hop_record, name) == (offset), \
			  "hop_record." #name " is not at its offset");
HOP_RECORD_FIELDS(X)
#undef X
#define X(type, name, count, offset)                                                     \
	HOP_STATIC_ASSERT(__builtin_offsetof(struct hop_fib_lookup, name) == (offset), \
			  "hop_fib_lookup." #name " is not at its offset");
HOP_FIB_FIELDS(X)
#undef X
HOP_STATIC_ASSERT(sizeof(struct hop_fib_lookup) == HOP_FIB_LOOKUP_BYTES, "hop_fib_lookup has another size");
HOP_STATIC_ASSERT(sizeof(struct hop_record) == HOP_RECORD_BYTES, "hop_record has another size");

#endif

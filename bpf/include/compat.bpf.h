/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every difference between kernels and attach types, in one place.
 *
 * The same source is compiled twice. With HOPSCOPE_TYPED the programs are tp_btf:
 * the verifier knows the arguments' types and a field is one load. Without, they
 * are raw_tp for kernels that refuse tp_btf, and every field is a helper call.
 */
#ifndef HOPSCOPE_COMPAT_BPF_H
#define HOPSCOPE_COMPAT_BPF_H

#include "kernel_types.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#ifdef HOPSCOPE_TYPED
#define TRACEPOINT(name) SEC("tp_btf/" #name)
#define READ(pointer, field) ((pointer)->field)
#define READ_BIT(pointer, field) BPF_CORE_READ_BITFIELD(pointer, field)
#else
#define TRACEPOINT(name) SEC("raw_tp/" #name)
#define READ(pointer, field) BPF_CORE_READ(pointer, field)
#define READ_BIT(pointer, field) BPF_CORE_READ_BITFIELD_PROBED(pointer, field)
#endif

/*
 * An address as a plain number. The verifier forbids arithmetic on a typed pointer, except taking the distance to another one: `base`, the
 * address of a global variable, stays where it is while the programs are loaded.
 */
static __always_inline __u64 address_of(const void *pointer, const void *base)
{
	__u64 address = (__u64)pointer;

#ifdef HOPSCOPE_TYPED
	asm volatile("%0 -= %1" : "+r"(address) : "r"(base));
#endif
	return address;
}

/*
 * Memory at an address, to be read as a struct of the kernel's by plain loads; one that faults reads zero. Without the kernel's cast
 * (6.2; built only where there is more, see paged.bpf.h) bytes have to be copied by a helper.
 */
#ifdef HOPSCOPE_PAGED
extern void *bpf_rdonly_cast(const void *address, __u32 btf_id) __ksym;
#define VIEW(type, address) ((const struct type *)bpf_rdonly_cast((const void *)(address), bpf_core_type_id_kernel(struct type)))
#endif

/*
 * skb->head as a number, to compute with and for a global function, which takes nothing else. A typed load of a char pointer is a number up
 * to 6.15 and a pointer after; a cast one is always a pointer, a copied one just bytes.
 */
static __always_inline __u64 read_head_address(const struct sk_buff *skb)
{
#ifdef HOPSCOPE_PAGED
	/* The distance of two pointers is a number, and one of these is 0. */
	return address_of(VIEW(iphdr, READ(skb, head)), VIEW(iphdr, 0));
#else
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &skb->head);
	return address;
#endif
}

/* The bytes of a word before its first zero byte, the rest zero; `ended` says whether there is one. Little-endian. */
static __always_inline __u64 cut_at_zero(__u64 word, bool *ended)
{
	/* 0x80 in the first zero byte, and perhaps in bytes after it. */
	__u64 zeros = (word - 0x0101010101010101ull) & ~word & 0x8080808080808080ull;

	*ended = zeros != 0;
	return zeros ? word & (((zeros & -zeros) >> 7) - 1) : word;
}

/*
 * Copies a 16-byte device name, zero padded: a rename leaves the end of a longer old name in the kernel's copy, and every container's eth0
 * had one. Two loads: a typed pointer may not be handed to a helper as memory.
 */
static __always_inline void read_ifname(const struct net_device *dev, __u64 *name)
{
	bool ended;

#ifdef HOPSCOPE_TYPED
	name[0] = *(const __u64 *)&dev->name[0];
	name[1] = *(const __u64 *)&dev->name[8];
#else
	bpf_probe_read_kernel(name, 16, (const char *)dev + bpf_core_field_offset(struct net_device, name));
#endif
	name[0] = cut_at_zero(name[0], &ended);
	name[1] = ended ? 0 : cut_at_zero(name[1], &ended);
}

static __always_inline __u64 read_netns_cookie(const struct net *net)
{
	return bpf_core_field_exists(struct net, net_cookie) ? READ(net, net_cookie) : 0;
}

static __always_inline bool has_vlan_tag(const struct sk_buff *skb)
{
	const struct sk_buff___vlan_bit *old = (const void *)skb;

	if (bpf_core_field_exists(old->vlan_present))
		return READ_BIT(old, vlan_present);
	return READ(skb, vlan_proto) != 0;
}

/* Users of the packet's headers. Of all users, in the lower half, the upper half needs only the payload: TCP's queue of what is not acknowledged. */
static __always_inline __u16 read_dataref(__u64 head, __u32 end)
{
#ifdef HOPSCOPE_PAGED
	int dataref = VIEW(skb_shared_info, head + end)->dataref.counter;
#else
	int dataref = 0;

	bpf_probe_read_kernel(&dataref, sizeof(dataref),
			      (const void *)(head + end + bpf_core_field_offset(struct skb_shared_info, dataref)));
#endif
	return (dataref & 0xffff) - (dataref >> 16);
}

#endif

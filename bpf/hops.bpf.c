// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The attach points. One shim per tracepoint, no logic here.
 * Arguments are the kernel's; include/trace/events/net.h and skb.h say what they mean.
 */
#include "emit.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define HOP_PROGRAM(name)                                         \
	TRACEPOINT(name)                                          \
	int BPF_PROG(on_##name, struct sk_buff *skb)              \
	{                                                         \
		return handle_hop(skb, HOP_STAGE_##name, 0, 0);   \
	}

HOP_PROGRAM(net_dev_queue)
HOP_PROGRAM(net_dev_start_xmit)
HOP_PROGRAM(netif_rx)
HOP_PROGRAM(napi_gro_receive_entry)
HOP_PROGRAM(netif_receive_skb_entry)
HOP_PROGRAM(netif_receive_skb)
HOP_PROGRAM(consume_skb)

TRACEPOINT(kfree_skb)
int BPF_PROG(on_kfree_skb, struct sk_buff *skb, void *location, enum skb_drop_reason reason)
{
	return handle_hop(skb, HOP_STAGE_kfree_skb, (__u64)location, reason);
}

/* Before 5.17 (c504e5c2f964) there is no reason; user space loads this one instead. */
TRACEPOINT(kfree_skb)
int BPF_PROG(on_kfree_skb_without_reason, struct sk_buff *skb, void *location)
{
	return handle_hop(skb, HOP_STAGE_kfree_skb, (__u64)location, 0);
}

TRACEPOINT(icmp_send)
int BPF_PROG(on_icmp_send, const struct sk_buff *skb, int type, int code)
{
	return handle_hop(skb, HOP_STAGE_icmp_send, 0, (type & 0xff) << 8 | (code & 0xff));
}

TRACEPOINT(fib_table_lookup)
int BPF_PROG(on_fib_table_lookup, __u32 table, const struct flowi4 *flow, const struct fib_nh_common *hop, int error)
{
	keep_ipv4_lookup(table, flow, hop, error);
	return 0;
}

TRACEPOINT(fib6_table_lookup)
int BPF_PROG(on_fib6_table_lookup, const struct net *net, const struct fib6_result *result, struct fib6_table *table, const struct flowi6 *flow)
{
	keep_ipv6_lookup(net, result, table, flow);
	return 0;
}

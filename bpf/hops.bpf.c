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

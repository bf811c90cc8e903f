/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the user asked to see, beyond the protocol: namespaces and one device. */
#ifndef HOPSCOPE_FILTER_BPF_H
#define HOPSCOPE_FILTER_BPF_H

#include "config.bpf.h"
#include "maps.bpf.h"

/* Where the packet is. All zero when the skb is on no device and belongs to no socket. */
struct place {
	__u64 cookie;
	__u64 ifname[2];
	__u32 inum;
	__u32 ifindex;
	__u16 link_type;
};

static __always_inline void read_net(const struct net *net, struct place *place)
{
	place->inum = READ(net, ns.inum);
	place->cookie = read_netns_cookie(net);
}

static __always_inline void read_place(const struct net_device *dev, const struct sock *sk, struct place *place)
{
	if (dev) {
		place->ifindex = READ(dev, ifindex);
		place->link_type = READ(dev, type);
		read_ifname(dev, place->ifname);
		read_net(READ(dev, nd_net.net), place);
		return;
	}
	if (sk)
		read_net(READ(sk, __sk_common.skc_net.net), place);
}

/* An skb on no device is told apart by its packet: `known` means that an earlier hop of it passed. */
static __always_inline bool passes_filter(const struct place *place, bool known)
{
	if (config.by_netns) {
		__u32 inum = place->inum;

		if (inum == 0 ? !known : bpf_map_lookup_elem(&netns_filter, &inum) == NULL)
			return false;
	}
	if (config.ifname[0] | config.ifname[1]) {
		if (place->ifindex == 0)
			return known;
		return place->ifname[0] == config.ifname[0] && place->ifname[1] == config.ifname[1];
	}
	return true;
}

#endif

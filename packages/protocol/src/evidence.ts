// What is known around a drop besides its reason and place: flat facts, so that a table of causes can name them without code.
import * as v from 'valibot';

/** Every fact that there can be, and what it says. A fact that is not known is left out. */
export const EVIDENCE = {
  'netns.title': 'name of the namespace where the packet died',
  'route.found': 'boolean: the route lookup for this packet found a route',
  'route.error': 'errno name of a lookup that found none: ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL',
  'route.table': 'main, local, or the number of a table of its own',
  'route.device': 'interface of the route',
  'route.gateway': 'address of the next hop; left out when directly connected',
  'route.device.up': 'boolean: the interface of the route is administratively up',
  'route.device.state': 'its operational state: up, down, lowerlayerdown, …',
  'route.device.mtu': 'its MTU in bytes',
  'route.device.peer': 'the other end of its veth, as interface and namespace',
  'route.device.peer.up': 'boolean: that other end is administratively up',
  'route.back.device': 'interface of the route back to the source',
  'neighbour.address': 'address of the next hop that was asked for',
  'neighbour.state': 'REACHABLE, STALE, INCOMPLETE, FAILED, …; none when the table has no entry',
  'neighbour.device': 'interface it was asked for on',
  'icmp.error': 'the ICMP error that the kernel sent about the packet, in words',
  'icmp.from': 'address that the ICMP error came from',
  'icmp.mtu': 'next-hop MTU that a fragmentation needed or packet too big carried',
  'link.device': 'the interface where the packet died, or was to go out',
  'link.up': 'boolean: administratively up',
  'link.state': 'operational state: up, down, lowerlayerdown, …',
  'link.mtu': 'MTU in bytes',
  'link.master': 'bridge or bond that it is a port of',
  'link.peer': 'the other end of the veth, as interface and namespace',
  'link.peer.up': 'boolean: the other end is administratively up',
  'port.state': 'bridge port state: disabled, listening, learning, forwarding, blocking',
  'port.device': 'the bridge port that port.state is about',
  rp_filter: 'the rp_filter in effect on the interface: 0 off, 1 strict, 2 loose',
  'rp_filter.device': 'the interface that rp_filter is about',
  'sysctl.name': 'a sysctl that explains the drop',
  'sysctl.value': 'its value',
  'netfilter.family': 'ip, ip6, inet, bridge, netdev, arp',
  'netfilter.table': 'table',
  'netfilter.chain': 'chain',
  'netfilter.hook': 'prerouting, input, forward, output, postrouting, ingress, egress',
  'netfilter.rule': 'the rule, as nft or iptables prints it; policy drop for a chain policy',
  'netfilter.handle': "the rule's handle",
  'netfilter.tool': 'nft or iptables',
  'netfilter.how':
    'how a rule that is not exact was inferred: counter (it moved), only one (nothing else there can drop)',
  'netfilter.exact': 'boolean: told by an nftrace rule; else inferred from rule counters or from the chains there are',
  'tc.filter': 'the traffic control filter or action on the interface that can drop',
  'xdp.program': 'name or id of the XDP program on the interface',
  'xdp.mode': 'native, generic or offload',
  'packet.length': 'bytes of the IP packet',
  'packet.ttl': 'TTL or hop limit on arrival',
  'packet.df': 'boolean: the IPv4 packet must not be fragmented',
  'source.read': 'how long after the drop the tables were read, in ms',
} as const;

export type EvidenceKey = keyof typeof EVIDENCE;
export type EvidenceValue = string | number | boolean;
export type Evidence = { readonly [Key in EvidenceKey]?: EvidenceValue };

const KEYS: ReadonlySet<string> = new Set(Object.keys(EVIDENCE));

/** Facts about one drop that the capture process read from the machine's tables. May come some ms after the drop, and again with more. */
export const EvidenceFrame = v.object({
  type: v.literal('evidence'),
  /** The packet that was dropped, as in its records. */
  packet: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Time of the drop's record, ns since hello.clock.monotonicNs: a packet flooded to many ports can die more than once. */
  t: v.number(),
  /** Facts of a newer agent that this build does not know are left out. */
  facts: v.pipe(
    v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
    v.transform((facts) => Object.fromEntries(Object.entries(facts).filter(([key]) => KEYS.has(key))) as Evidence),
  ),
});
export type EvidenceFrame = v.InferOutput<typeof EvidenceFrame>;

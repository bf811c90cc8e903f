// The kinds of interface that the map tells apart by a sign of their own. Pure.
import type { Link } from '@hopscope/protocol';

export type KindSign =
  | 'veth'
  | 'bridge'
  | 'physical'
  | 'vlan'
  | 'tunnel'
  | 'macvlan'
  | 'tun'
  | 'bond'
  | 'loopback'
  | 'dummy'
  | 'other';

const SIGNS: Readonly<Record<string, KindSign>> = {
  veth: 'veth',
  bridge: 'bridge',
  physical: 'physical',
  vlan: 'vlan',
  macvlan: 'macvlan',
  macvtap: 'macvlan',
  ipvlan: 'macvlan',
  ipvtap: 'macvlan',
  tun: 'tun',
  bond: 'bond',
  team: 'bond',
  loopback: 'loopback',
  dummy: 'dummy',
  ifb: 'dummy',
  vxlan: 'tunnel',
  geneve: 'tunnel',
  wireguard: 'tunnel',
  gre: 'tunnel',
  gretap: 'tunnel',
  erspan: 'tunnel',
  ipip: 'tunnel',
  sit: 'tunnel',
  ip6tnl: 'tunnel',
  ip6gre: 'tunnel',
  vti: 'tunnel',
};

export const signOf = ({ kind }: Pick<Link, 'kind'>): KindSign => SIGNS[kind] ?? 'other';

/** What each is, in the order of the legend. */
export const KIND_WORDS: Readonly<Record<KindSign, string>> = {
  physical: 'ethernet: a network card',
  veth: 'veth: one end of a pair, a cable between two namespaces',
  bridge: 'bridge: a switch in software, with its ports',
  loopback: 'loopback: a namespace speaks to itself',
  vlan: 'vlan: a tag on another interface',
  tunnel: 'tunnel: vxlan, geneve, wireguard, gre, ipip …; → its remote end',
  macvlan: 'macvlan, ipvlan: several interfaces on one below',
  tun: 'tun, tap: its packets go to a program',
  bond: 'bond: several interfaces as one',
  dummy: 'dummy: an interface that leads nowhere',
  other: 'another kind, named beside it',
};

// The machine as the page draws it: namespaces, their links, who they belong to.
import * as v from 'valibot';
import type { NetnsId } from './ids.ts';

const netnsId = v.custom<NetnsId>((value) => typeof value === 'string' && /^[ci]\d+$/.test(value), 'not a NetnsId');
const uint = v.pipe(v.number(), v.integer(), v.minValue(0));

export const Address = v.object({
  family: v.picklist([4, 6]),
  address: v.string(),
  prefix: uint,
  scope: v.string(),
});
export type Address = v.InferOutput<typeof Address>;

export const Link = v.object({
  ifindex: uint,
  name: v.string(),
  /** `veth`, `bridge`, `vlan`, `vxlan`, `macvlan`, `tun`, …, `loopback` or `physical` */
  kind: v.string(),
  /** ARPHRD_* */
  type: uint,
  mac: v.string(),
  mtu: uint,
  /** The administrator's wish (IFF_UP). */
  up: v.boolean(),
  /** What became of it: `up`, `down`, `lowerlayerdown`, `unknown`, … */
  operstate: v.string(),
  /** ifindex of the bridge or bond it is plugged into; 0 = none. */
  master: uint,
  /** Bridge port state; empty when it is no port. */
  portState: v.string(),
  /** The other end of a veth, or the device below a VLAN, macvlan or VXLAN. `netns` is null when it is not known. */
  peer: v.nullable(v.object({ netns: v.nullable(netnsId), ifindex: uint })),
  addresses: v.array(Address),
  vlanId: uint,
  vxlanId: uint,
  vxlanRemote: v.string(),
});
export type Link = v.InferOutput<typeof Link>;

export const DefaultRoute = v.object({
  family: v.picklist([4, 6]),
  gateway: v.string(),
  ifindex: uint,
  metric: uint,
});
export type DefaultRoute = v.InferOutput<typeof DefaultRoute>;

export const NamespaceName = v.object({
  text: v.string(),
  /** Where the name came from. `netns` is `ip netns`, `own` the namespace the agent runs in. */
  source: v.picklist(['docker', 'podman', 'containerd', 'crio', 'lab', 'netns', 'process', 'own', 'inum']),
  /** Container image, else empty. */
  image: v.string(),
  /** Compose project or pod namespace, else empty. */
  project: v.string(),
});
export type NamespaceName = v.InferOutput<typeof NamespaceName>;

export const Namespace = v.object({
  id: netnsId,
  inum: uint,
  /** Decimal text; empty where the kernel has none. */
  cookie: v.string(),
  /** The host's: the one the agent runs in, or a lab's host. */
  host: v.boolean(),
  /** Best first, never empty. The first is the title. */
  names: v.pipe(v.array(NamespaceName), v.minLength(1)),
  links: v.array(Link),
  defaultRoutes: v.array(DefaultRoute),
});
export type Namespace = v.InferOutput<typeof Namespace>;

/** Host first, then in order of `inum`; links in order of ifindex. */
export const Topology = v.object({ namespaces: v.array(Namespace) });
export type Topology = v.InferOutput<typeof Topology>;

export const TopologyChange = v.variant('op', [
  v.object({ op: v.literal('put'), namespace: Namespace }),
  v.object({ op: v.literal('remove'), id: netnsId }),
]);
export type TopologyChange = v.InferOutput<typeof TopologyChange>;

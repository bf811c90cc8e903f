// What is drawn, before anyone decides where. From here on we speak of nodes and edges.
//
//   stack    where a namespace's packets start and end
//   device   an interface, a bridge or a loopback
//   outside  where packets go that leave the machine
import type { DeviceId, Link, Namespace, NetnsId } from '@hopscope/protocol';

export type NodeId = string;

export type DeviceShape = 'loopback' | 'bridge' | 'iface';

export interface DeviceNode {
  readonly id: NodeId;
  readonly device: DeviceId;
  readonly netns: NetnsId;
  readonly link: Link;
  readonly shape: DeviceShape;
  /** Bridge or bond it is plugged into. */
  readonly master: DeviceNode | null;
  /** 1, 2, … among the ports of its master; 0 when it has none. */
  readonly port: number;
  /** The other end of a veth, where it is on the map. */
  readonly peer: NodeId | null;
  /** The device below a VLAN, macvlan or VXLAN, where it is on the map. */
  readonly lower: NodeId | null;
  /** Packets on it leave the machine. */
  readonly leadsOutside: boolean;
}

export interface NamespaceNode {
  readonly id: NetnsId;
  readonly namespace: Namespace;
  readonly stack: NodeId;
  /** Null when nothing here leads outside. */
  readonly outside: NodeId | null;
  /** In order of ifindex, loopback and bridges included. */
  readonly devices: readonly DeviceNode[];
  /** Down, without address or wire: named in one line instead of drawn. */
  readonly idle: readonly Link[];
}

/** `plug`: a port in its bridge. `lower`: a device that rides on another. `uplink`: to the outside. */
export type EdgeKind = 'stack' | 'loop' | 'plug' | 'veth' | 'lower' | 'uplink';

export interface Edge {
  readonly id: string;
  readonly kind: EdgeKind;
  readonly a: NodeId;
  readonly b: NodeId;
}

export interface Graph {
  /** Host first. */
  readonly namespaces: readonly NamespaceNode[];
  readonly byNetns: ReadonlyMap<NetnsId, NamespaceNode>;
  readonly devices: ReadonlyMap<NodeId, DeviceNode>;
  readonly edges: readonly Edge[];
  readonly edgesOf: ReadonlyMap<NodeId, readonly Edge[]>;
}

export const stackNode = (netns: NetnsId): NodeId => `stack:${netns}`;
export const outsideNode = (netns: NetnsId): NodeId => `outside:${netns}`;
export const deviceNode = (device: DeviceId): NodeId => `device:${device}`;

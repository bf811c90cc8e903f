// What does not fit together on this machine, from what the kernel says about its interfaces and what packets show. Pure.
import type { DeviceCount } from '../store/device-rates.ts';
import type { DeviceNode, Graph, NamespaceNode, NodeId } from './graph.ts';

export interface Mismatch {
  readonly kind: 'mtu' | 'peer-down' | 'duplicate-address' | 'unknown-device';
  /** One sentence. */
  readonly text: string;
}

/** By the node of a device or, for what belongs to no device that is drawn, of a namespace's stack. */
export type Mismatches = ReadonlyMap<NodeId, readonly Mismatch[]>;

/** @param counts of every device that a packet was seen on */
export function findMismatches(graph: Graph, counts: Iterable<DeviceCount>): Mismatches {
  const found = new Map<NodeId, Mismatch[]>();
  const add = (node: NodeId, kind: Mismatch['kind'], text: string): void => {
    found.set(node, [...(found.get(node) ?? []), { kind, text }]);
  };
  for (const device of graph.devices.values()) {
    const peer = graph.devices.get(device.peer ?? '');
    if (peer === undefined) continue;
    if (peer.link.mtu !== device.link.mtu) {
      const text = `MTU ${device.link.mtu} here, ${peer.link.mtu} at the other end (${inWords(peer, graph)}): larger packets are lost.`;
      add(device.id, 'mtu', text);
    }
    if (!device.link.up && peer.link.up)
      add(device.id, 'peer-down', `Down, while its peer ${inWords(peer, graph)} is up.`);
  }
  for (const [address, devices] of sharedAddresses(graph)) {
    for (const device of devices) {
      const others = devices.filter((other) => other !== device).map((other) => inWords(other, graph));
      add(device.id, 'duplicate-address', `${address} is also on ${others.join(', ')}, on the same network.`);
    }
  }
  for (const { netns, device, ifname, out, in: taken } of counts) {
    const node = graph.byNetns.get(netns) ?? graph.namespaces[0];
    if (node === undefined || isKnown(device, node)) continue;
    const where = graph.byNetns.has(netns) ? '' : ' in a namespace that is not known';
    const text = `${out + taken} packets on ${ifname || device}${where}, which the kernel’s list of interfaces does not have.`;
    add(node.stack, 'unknown-device', text);
  }
  return found;
}

/** Devices that are not in use are not drawn, but known. */
function isKnown(device: string, node: NamespaceNode): boolean {
  const links = [...node.devices.map((each) => each.link), ...node.idle];
  return links.some((link) => device === `${node.id}/${link.ifindex}`);
}

function inWords(device: DeviceNode, graph: Graph): string {
  const name = graph.byNetns.get(device.netns)?.namespace.names[0]?.text;
  return name === undefined ? device.link.name : `${device.link.name} in ${name}`;
}

/** Addresses that several devices have on one link layer: joined by wires, bridges and macvlans, not by a stack. */
function sharedAddresses(graph: Graph): [string, DeviceNode[]][] {
  const domains = linkLayers(graph);
  const owners = new Map<string, DeviceNode[]>();
  for (const device of graph.devices.values()) {
    for (const { address, scope } of device.link.addresses) {
      if (scope === 'host') continue;
      const key = `${domains.get(device.id)} ${address}`;
      owners.set(key, [...(owners.get(key) ?? []), device]);
    }
  }
  const shared = [...owners].filter(([, devices]) => devices.length > 1);
  return shared.map(([key, devices]) => [key.slice(key.indexOf(' ') + 1), devices]);
}

/** Device → number of the link layer it is on. */
function linkLayers(graph: Graph): Map<NodeId, number> {
  const layers = new Map<NodeId, number>();
  let next = 0;
  for (const start of graph.devices.keys()) {
    if (layers.has(start)) continue;
    const queue = [start];
    layers.set(start, next);
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      for (const edge of graph.edgesOf.get(at) ?? []) {
        const other = edge.a === at ? edge.b : edge.a;
        const isJoined =
          edge.kind === 'veth' ||
          edge.kind === 'plug' ||
          (edge.kind === 'lower' && isMacvlan(graph.devices.get(edge.b)));
        if (!isJoined || layers.has(other)) continue;
        layers.set(other, next);
        queue.push(other);
      }
    }
    next++;
  }
  return layers;
}

const isMacvlan = (device: DeviceNode | undefined): boolean =>
  device !== undefined && ['macvlan', 'macvtap', 'ipvlan'].includes(device.link.kind);

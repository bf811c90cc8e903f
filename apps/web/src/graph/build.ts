// Topology → graph. Pure.
import type { Link, Namespace, NetnsId, Topology } from '@hopscope/protocol';
import { deviceId } from '@hopscope/protocol';
import type { DeviceNode, DeviceShape, Edge, Graph, NamespaceNode, NodeId } from './graph.ts';
import { deviceNode, outsideNode, stackNode } from './graph.ts';

/** Made by kernel modules in every namespace and rarely used; folded away while idle. */
const FOLDED_WHEN_IDLE = new Set(['ifb', 'dummy', 'sit', 'ipip', 'gre', 'gretap', 'erspan', 'ip6tnl', 'ip6gre', 'vti']);

/** Carry packets to other machines in some wrapping of their own. */
const TUNNELS = new Set([
  'vxlan',
  'geneve',
  'wireguard',
  'tun',
  'sit',
  'ipip',
  'gre',
  'gretap',
  'ip6tnl',
  'ip6gre',
  'vti',
]);

const shapeOf = (link: Link): DeviceShape =>
  link.kind === 'loopback' ? 'loopback' : link.kind === 'bridge' ? 'bridge' : 'iface';

export function buildGraph(topology: Topology): Graph {
  const known = knownLinks(topology);
  const namespaces = topology.namespaces.map((namespace) => buildNamespace(namespace, known));
  const devices = new Map<NodeId, DeviceNode>();
  for (const node of namespaces) for (const device of node.devices) devices.set(device.id, device);
  const edges = namespaces.flatMap((node) => buildEdges(node, devices));
  const edgesOf = new Map<NodeId, Edge[]>();
  for (const edge of edges) {
    for (const end of [edge.a, edge.b]) {
      const list = edgesOf.get(end);
      if (list === undefined) edgesOf.set(end, [edge]);
      else list.push(edge);
    }
  }
  return { namespaces, byNetns: new Map(namespaces.map((node) => [node.id, node])), devices, edges, edgesOf };
}

type KnownLinks = ReadonlyMap<NetnsId, ReadonlyMap<number, Link>>;

function knownLinks(topology: Topology): KnownLinks {
  return new Map(topology.namespaces.map((ns) => [ns.id, new Map(ns.links.map((link) => [link.ifindex, link]))]));
}

function buildNamespace(namespace: Namespace, known: KnownLinks): NamespaceNode {
  const idle = namespace.links.filter((link) => isIdle(link));
  const shown = namespace.links.filter((link) => !idle.includes(link)).sort((a, b) => a.ifindex - b.ifindex);
  const nodes = new Map<number, DeviceNode>();
  const ports = new Map<number, number>();
  // Masters first, so that a port finds the node of its bridge.
  const isPort = (link: Link): boolean => shown.some((other) => other.ifindex === link.master);
  for (const link of [...shown.filter((each) => !isPort(each)), ...shown.filter(isPort)]) {
    const master = nodes.get(link.master) ?? null;
    const port = master === null ? 0 : (ports.get(link.master) ?? 0) + 1;
    ports.set(link.master, port);
    const other = findPeer(namespace.id, link, known);
    nodes.set(link.ifindex, {
      id: deviceNode(deviceId(namespace.id, link.ifindex)),
      device: deviceId(namespace.id, link.ifindex),
      netns: namespace.id,
      link,
      shape: shapeOf(link),
      master,
      port,
      peer: link.kind === 'veth' ? other : null,
      lower: link.kind === 'veth' ? null : other,
      leadsOutside: leadsOutside(namespace, link, other) && !shown.some((each) => each.master === link.ifindex),
    });
  }
  const devices = [...nodes.values()].sort((a, b) => a.link.ifindex - b.link.ifindex);
  const outside = devices.some((device) => device.leadsOutside) ? outsideNode(namespace.id) : null;
  return { id: namespace.id, namespace, stack: stackNode(namespace.id), outside, devices, idle };
}

function isIdle(link: Link): boolean {
  return !link.up && link.addresses.length === 0 && link.master === 0 && FOLDED_WHEN_IDLE.has(link.kind);
}

function findPeer(own: NetnsId, link: Link, known: KnownLinks): NodeId | null {
  if (link.peer?.netns == null) return null;
  const { netns, ifindex } = link.peer;
  if (netns === own && ifindex === link.ifindex) return null;
  return known.get(netns)?.has(ifindex) ? deviceNode(deviceId(netns, ifindex)) : null;
}

function leadsOutside(namespace: Namespace, link: Link, other: NodeId | null): boolean {
  if (!link.up || link.kind === 'loopback' || link.kind === 'bridge' || other !== null) return false;
  // A tap in a bridge leads to a virtual machine.
  if (link.kind === 'tun' && link.master !== 0) return false;
  if (link.kind === 'physical' || TUNNELS.has(link.kind)) return true;
  return link.kind !== 'dummy' && namespace.defaultRoutes.some((route) => route.ifindex === link.ifindex);
}

function buildEdges(node: NamespaceNode, devices: ReadonlyMap<NodeId, DeviceNode>): Edge[] {
  const edges: Edge[] = [];
  const add = (kind: Edge['kind'], a: NodeId, b: NodeId): void => {
    edges.push({ id: `${kind}:${a}>${b}`, kind, a, b });
  };
  for (const device of node.devices) {
    if (device.shape === 'loopback') add('loop', node.stack, device.id);
    else if (device.master !== null) add('plug', device.master.id, device.id);
    else add('stack', node.stack, device.id);
    // A veth pair has two ends and one wire.
    if (device.peer !== null && (device.id < device.peer || devices.get(device.peer)?.peer !== device.id)) {
      add('veth', device.id, device.peer);
    }
    if (device.lower !== null) add('lower', device.lower, device.id);
    if (device.leadsOutside && node.outside !== null) add('uplink', device.id, node.outside);
  }
  return edges;
}

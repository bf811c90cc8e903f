// Which side of the host a namespace stands on, and how far out: the number of walls between it and the host.
import type { NetnsId } from '@hopscope/protocol';
import type { DeviceNode, Graph, NamespaceNode } from '../graph/graph.ts';

export interface Side {
  readonly side: 'left' | 'right';
  /** 1: wired to the host. 0: wired to nothing that is, or the hub of an island. */
  readonly depth: number;
  /** Of namespaces wired to each other but not to the host: the one in their middle. Null for all others. */
  readonly island: NetnsId | null;
}

export function hostOf(graph: Graph): NamespaceNode | undefined {
  return graph.namespaces.find((node) => node.namespace.host) ?? graph.namespaces[0];
}

/** Breadth first from the host: behind its default route is left, everything else right. */
export function assignSides(graph: Graph): ReadonlyMap<NetnsId, Side> {
  const sides = new Map<NetnsId, Side>();
  const host = hostOf(graph);
  if (host === undefined) return sides;
  const queue: { node: NamespaceNode; side: Side | null }[] = [{ node: host, side: null }];
  const seen = new Set([host.id]);
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const [device, neighbour] of neighbours(at.node, graph)) {
      if (seen.has(neighbour.id)) continue;
      seen.add(neighbour.id);
      const side = at.side ?? { side: isUplink(device, host) ? ('left' as const) : ('right' as const), depth: 0 };
      const next = { side: side.side, depth: side.depth + 1, island: null };
      sides.set(neighbour.id, next);
      queue.push({ node: neighbour, side: next });
    }
  }
  for (const node of graph.namespaces) if (!seen.has(node.id)) assignIsland(node, graph, sides, seen);
  return sides;
}

/** A namespace without any wire, or an island: breadth first from its hub. */
function assignIsland(start: NamespaceNode, graph: Graph, sides: Map<NetnsId, Side>, seen: Set<NetnsId>): void {
  const depths = breadthFirst(start, graph);
  for (const id of depths.keys()) seen.add(id);
  if (depths.size === 1) {
    sides.set(start.id, { side: 'right', depth: 0, island: null });
    return;
  }
  const members = graph.namespaces.filter((node) => depths.has(node.id));
  const degree = (node: NamespaceNode): number => neighbours(node, graph).length;
  const hub = members.reduce((best, node) => (degree(node) > degree(best) ? node : best));
  for (const [id, depth] of breadthFirst(hub, graph)) sides.set(id, { side: 'right', depth, island: hub.id });
}

function breadthFirst(start: NamespaceNode, graph: Graph): Map<NetnsId, number> {
  const depths = new Map([[start.id, 0]]);
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const [, neighbour] of neighbours(at, graph)) {
      if (depths.has(neighbour.id)) continue;
      depths.set(neighbour.id, (depths.get(at.id) ?? 0) + 1);
      queue.push(neighbour);
    }
  }
  return depths;
}

function isUplink(device: DeviceNode, host: NamespaceNode): boolean {
  const routes = host.namespace.defaultRoutes;
  return (
    device.netns === host.id && device.master === null && routes.some((route) => route.ifindex === device.link.ifindex)
  );
}

/** Namespaces one wire away; uplinks first, so that a namespace with several wires to the host stands left. */
function neighbours(node: NamespaceNode, graph: Graph): [DeviceNode, NamespaceNode][] {
  const found: [DeviceNode, NamespaceNode][] = [];
  for (const device of node.devices) {
    const other = graph.devices.get(device.peer ?? device.lower ?? '');
    if (other !== undefined && other.netns !== node.id) push(device, other.netns);
  }
  // A macvlan's lower device does not know who rides on it.
  for (const edge of graph.edges) {
    if (edge.kind !== 'lower') continue;
    const lower = graph.devices.get(edge.a);
    const upper = graph.devices.get(edge.b);
    if (lower?.netns === node.id && upper !== undefined && upper.netns !== node.id) push(upper, upper.netns);
  }
  function push(device: DeviceNode, netns: NetnsId): void {
    const neighbour = graph.byNetns.get(netns);
    if (neighbour !== undefined) found.push([device, neighbour]);
  }
  const rank = ([device]: [DeviceNode, NamespaceNode]): number => (isUplink(device, node) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b));
}

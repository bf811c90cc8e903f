// Folding: which namespaces can be put away because no packet used them lately, and the graph without them. Pure.
//
// What is folded takes with it the ends of its wires elsewhere (the ports of a bridge), and never what the way to a namespace that is
// shown leads through.
import type { DeviceId, NetnsId } from '@hopscope/protocol';
import type { DeviceNode, Edge, Graph, NamespaceNode, NodeId } from './graph.ts';

/** On the page's clock: no packet for this long is idle. */
const LATELY_MS = 60_000;

export interface FoldedGraph {
  readonly graph: Graph;
  /** Those that are folded and there. */
  readonly folded: readonly NamespaceNode[];
}

/** Ports keep their numbers, and everything else its identity. */
export function foldGraph(whole: Graph, ids: ReadonlySet<NetnsId>): FoldedGraph {
  const folded = whole.namespaces.filter((node) => ids.has(node.id) && !node.namespace.host);
  if (folded.length === 0) return { graph: whole, folded };
  const away = new Set(folded.map((node) => node.id));
  const isShown = (device: DeviceNode): boolean => {
    const peer = whole.devices.get(device.peer ?? '');
    return !away.has(device.netns) && (peer === undefined || !away.has(peer.netns));
  };
  const namespaces = whole.namespaces
    .filter((node) => !away.has(node.id))
    .map((node) => ({ ...node, devices: node.devices.filter(isShown) }));
  const devices = new Map<NodeId, DeviceNode>();
  for (const node of namespaces) for (const device of node.devices) devices.set(device.id, device);
  const isThere = (id: NodeId): boolean =>
    devices.has(id) || namespaces.some((node) => node.stack === id || node.outside === id);
  const edges = whole.edges.filter(({ a, b }) => isThere(a) && isThere(b));
  const edgesOf = new Map<NodeId, Edge[]>();
  for (const edge of edges) {
    for (const end of [edge.a, edge.b]) edgesOf.set(end, [...(edgesOf.get(end) ?? []), edge]);
  }
  return {
    graph: { namespaces, byNetns: new Map(namespaces.map((node) => [node.id, node])), devices, edges, edgesOf },
    folded,
  };
}

/**
 * Those that no packet used lately, and that nothing shown hangs on.
 * @param lastMs when a packet was seen on a device; undefined: never
 * @param keep what is looked at just now
 */
export function idleNamespaces(
  graph: Graph,
  lastMs: (device: DeviceId) => number | undefined,
  nowMs: number,
  keep: ReadonlySet<NetnsId> = new Set(),
): NetnsId[] {
  const isUsed = ({ id, devices, namespace }: NamespaceNode): boolean =>
    namespace.host ||
    keep.has(id) ||
    devices.some((each) => nowMs - (lastMs(each.device) ?? Number.NEGATIVE_INFINITY) < LATELY_MS);
  const used = new Set(graph.namespaces.filter(isUsed).map((node) => node.id));
  const needed = withWay(graph, used);
  return graph.namespaces.filter((node) => !needed.has(node.id)).map((node) => node.id);
}

/** These, and all that the way from the host to them leads through; of what is not wired to the host, all that is wired to it. */
export function withWay(graph: Graph, ids: ReadonlySet<NetnsId>): Set<NetnsId> {
  const neighbours = neighboursOf(graph);
  const host = graph.namespaces.find((node) => node.namespace.host) ?? graph.namespaces[0];
  const before = host === undefined ? new Map<NetnsId, NetnsId | null>() : spread(host.id, neighbours);
  const found = new Set<NetnsId>();
  // What the default route leads to has its place left of the host, and stays.
  for (const id of host === undefined ? [] : routersOf(host, graph)) found.add(id);
  for (const id of ids) {
    if (!before.has(id)) for (const each of spread(id, neighbours).keys()) found.add(each);
    for (let at: NetnsId | null | undefined = id; at != null; at = before.get(at)) found.add(at);
  }
  return found;
}

function routersOf(host: NamespaceNode, graph: Graph): NetnsId[] {
  const uplinks = host.devices.filter(
    ({ link, master }) =>
      master === null && host.namespace.defaultRoutes.some(({ ifindex }) => ifindex === link.ifindex),
  );
  return uplinks.flatMap((device) => graph.devices.get(device.peer ?? device.lower ?? '')?.netns ?? []);
}

type Neighbours = ReadonlyMap<NetnsId, ReadonlySet<NetnsId>>;

function neighboursOf(graph: Graph): Neighbours {
  const found = new Map<NetnsId, Set<NetnsId>>(graph.namespaces.map((node) => [node.id, new Set()]));
  for (const { a, b } of graph.edges) {
    const [from, to] = [graph.devices.get(a)?.netns, graph.devices.get(b)?.netns];
    if (from === undefined || to === undefined || from === to) continue;
    found.get(from)?.add(to);
    found.get(to)?.add(from);
  }
  return found;
}

/** Breadth first: each that is reached, and the one it was reached from. */
function spread(start: NetnsId, neighbours: Neighbours): Map<NetnsId, NetnsId | null> {
  const before = new Map<NetnsId, NetnsId | null>([[start, null]]);
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const next of neighbours.get(at) ?? []) {
      if (before.has(next)) continue;
      before.set(next, at);
      queue.push(next);
    }
  }
  return before;
}

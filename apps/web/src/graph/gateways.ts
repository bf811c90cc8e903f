// Where packets for everywhere else go: the device that each namespace sends them out of, and the one that takes them in. Pure.
import type { Namespace } from '@hopscope/protocol';
import type { DeviceNode, Graph, NamespaceNode, NodeId } from './graph.ts';

/** The best default route, IPv4 first; undefined when there is none. */
export function bestRoute({ defaultRoutes }: Namespace): Namespace['defaultRoutes'][number] | undefined {
  return [...defaultRoutes].sort((a, b) => a.family - b.family || a.metric - b.metric)[0];
}

/** Devices whose address is the default gateway of other namespaces on their wire or bridge: how many. */
export function findGateways(graph: Graph): ReadonlyMap<NodeId, number> {
  const found = new Map<NodeId, number>();
  for (const node of graph.namespaces) {
    const gateway = gatewayOf(node, graph);
    if (gateway !== null) found.set(gateway, (found.get(gateway) ?? 0) + 1);
  }
  return found;
}

/** Edges from a stack to the device of its default route. */
export function defaultEdges(graph: Graph): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of graph.namespaces) {
    const ifindex = bestRoute(node.namespace)?.ifindex;
    const device = node.devices.find((each) => each.link.ifindex === ifindex);
    const edge = graph.edgesOf.get(device?.id ?? '')?.find((each) => each.kind === 'stack');
    if (edge !== undefined) found.add(edge.id);
  }
  return found;
}

function gatewayOf(node: NamespaceNode, graph: Graph): NodeId | null {
  const route = bestRoute(node.namespace);
  const first = node.devices.find((device) => device.link.ifindex === route?.ifindex);
  if (route === undefined || first === undefined || route.gateway === '') return null;
  const owns = (device: DeviceNode): boolean => device.link.addresses.some((each) => each.address === route.gateway);
  // Over wires and bridges, never through a stack.
  const seen = new Set<NodeId>([first.id]);
  const queue: NodeId[] = [first.id];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    const device = graph.devices.get(at);
    if (device !== undefined && device.netns !== node.id && owns(device)) return at;
    for (const edge of graph.edgesOf.get(at) ?? []) {
      const next = edge.a === at ? edge.b : edge.a;
      if (edge.kind === 'stack' || edge.kind === 'loop' || seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return null;
}

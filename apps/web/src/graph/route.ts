// The shortest way between two nodes, for consecutive hops that are not neighbours on the map.
import type { Edge, Graph, NodeId } from './graph.ts';

/** Longest way worth drawing: beyond it the hops in between were missed and a straight line is more honest. */
const MAX_EDGES = 8;

/** Wires and bridges before stacks: the kernel passes a frame on in a bridge without asking the stack. */
const COST: Readonly<Record<Edge['kind'], number>> = { veth: 1, plug: 1, lower: 1, loop: 2, stack: 3, uplink: 6 };

/** Finds ways through one graph and remembers them. */
export interface Router {
  /** Nodes from `from` to `to`, both included; null when no way is known. */
  route(from: NodeId, to: NodeId): readonly NodeId[] | null;
}

export function createRouter(graph: Graph): Router {
  const found = new Map<string, readonly NodeId[] | null>();
  return {
    route(from, to) {
      const key = `${from}|${to}`;
      let way = found.get(key);
      if (way === undefined) {
        way = findRoute(graph, from, to);
        found.set(key, way);
      }
      return way;
    },
  };
}

interface Visit {
  readonly node: NodeId;
  readonly cost: number;
  readonly edges: number;
  readonly before: Visit | null;
}

/** Dijkstra; the frontier stays so small that a sorted insert beats a heap. */
function findRoute(graph: Graph, from: NodeId, to: NodeId): readonly NodeId[] | null {
  const done = new Set<NodeId>();
  const frontier: Visit[] = [{ node: from, cost: 0, edges: 0, before: null }];
  for (let visit = frontier.shift(); visit !== undefined; visit = frontier.shift()) {
    if (visit.node === to) return unwind(visit);
    if (done.has(visit.node) || visit.edges === MAX_EDGES) continue;
    done.add(visit.node);
    for (const edge of graph.edgesOf.get(visit.node) ?? []) {
      const node = edge.a === visit.node ? edge.b : edge.a;
      if (done.has(node)) continue;
      const next = { node, cost: visit.cost + COST[edge.kind], edges: visit.edges + 1, before: visit };
      const at = frontier.findIndex((other) => other.cost > next.cost);
      frontier.splice(at === -1 ? frontier.length : at, 0, next);
    }
  }
  return null;
}

function unwind(last: Visit): NodeId[] {
  const nodes: NodeId[] = [];
  for (let visit: Visit | null = last; visit !== null; visit = visit.before) nodes.unshift(visit.node);
  return nodes;
}

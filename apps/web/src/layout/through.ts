// A way over the graph → the line a dot follows: along wires, across boxes, up and down inside bars.
import type { Graph, NodeId } from '../graph/graph.ts';
import type { Box, Point } from '../lib/geometry.ts';
import { centre, simplify } from '../lib/geometry.ts';
import type { Placement, Wire } from './placement.ts';

/**
 * @param nodes at least one
 * @param from where the dot is now, inside the first node; null: in its middle
 */
export function traceNodes(
  graph: Graph,
  placement: Placement,
  nodes: readonly NodeId[],
  from: Point | null,
): readonly Point[] {
  const first = nodes[0];
  const start = from ?? restPoint(placement, first, null);
  const points: Point[] = [start];
  for (let i = 1; i < nodes.length; i++) {
    const a = nodes[i - 1] as NodeId;
    const b = nodes[i] as NodeId;
    const wire = wirePoints(graph, placement, a, b) ?? [];
    const enter = wire[0];
    const last = points[points.length - 1] as Point;
    if (enter !== undefined) points.push(...cross(graph, placement, a, last, enter), ...wire);
    points.push(
      restPoint(placement, b, graph.devices.get(b)?.shape === 'bridge' ? (wire[wire.length - 1] ?? null) : null),
    );
  }
  return simplify(points);
}

/** Where a dot rests in a node: in the middle of a box; in a bar level with where it came in. */
function restPoint(placement: Placement, node: NodeId | undefined, entered: Point | null): Point {
  const box: Box = placement.boxes.get(node ?? '') ?? { x: 0, y: 0, width: 0, height: 0 };
  const middle = centre(box);
  return entered === null ? middle : { x: middle.x, y: entered.y };
}

/** Inside one node from where the dot rests to where the next wire starts. */
function cross(graph: Graph, placement: Placement, node: NodeId, from: Point, to: Point): Point[] {
  if (graph.devices.get(node)?.shape !== 'bridge') return [];
  const box = placement.boxes.get(node);
  return box === undefined ? [] : [{ x: from.x, y: to.y }];
}

function wirePoints(graph: Graph, placement: Placement, a: NodeId, b: NodeId): readonly Point[] | null {
  const edge = graph.edgesOf.get(a)?.find((each) => each.a === b || each.b === b);
  const wire: Wire | undefined = edge && placement.wires.get(edge.id);
  if (wire === undefined) return null;
  if (wire.edge.a === a) return wire.points;
  return wire.back ?? [...wire.points].reverse();
}

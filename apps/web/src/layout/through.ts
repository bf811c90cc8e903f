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
  const start = from ?? restPoint(graph, placement, first, null);
  const points: Point[] = [start];
  for (let i = 1; i < nodes.length; i++) {
    const a = nodes[i - 1] as NodeId;
    const b = nodes[i] as NodeId;
    const wire = wirePoints(graph, placement, a, b) ?? [];
    const leave = wire[0];
    const enter = wire[wire.length - 1];
    if (leave !== undefined)
      points.push(cross(graph, placement, a, points[points.length - 1] as Point, leave), ...wire);
    const rest = restPoint(graph, placement, b, enter ?? null);
    if (enter !== undefined) points.push(cross(graph, placement, b, rest, enter));
    points.push(rest);
  }
  return simplify(points);
}

/** Where a dot rests in a node: in the middle of a box; in a bar level with where it came in; on a loopback's lane. */
function restPoint(graph: Graph, placement: Placement, node: NodeId | undefined, entered: Point | null): Point {
  const box: Box = placement.boxes.get(node ?? '') ?? { x: 0, y: 0, width: 0, height: 0 };
  const middle = centre(box);
  const shape = graph.devices.get(node ?? '')?.shape;
  if (shape === 'loopback') return { x: middle.x, y: box.y + box.height };
  return shape === 'bridge' && entered !== null ? { x: middle.x, y: entered.y } : middle;
}

/** Inside one node, between where the dot rests and where a wire ends: in right angles. */
function cross(graph: Graph, placement: Placement, node: NodeId, rest: Point, end: Point): Point {
  const box = placement.boxes.get(node);
  const isBridge = graph.devices.get(node)?.shape === 'bridge';
  const isAtSide = box !== undefined && (Math.abs(end.x - box.x) < 1 || Math.abs(end.x - box.x - box.width) < 1);
  return isBridge || isAtSide ? { x: rest.x, y: end.y } : { x: end.x, y: rest.y };
}

function wirePoints(graph: Graph, placement: Placement, a: NodeId, b: NodeId): readonly Point[] | null {
  const edge = graph.edgesOf.get(a)?.find((each) => each.a === b || each.b === b);
  const wire: Wire | undefined = edge && placement.wires.get(edge.id);
  if (wire === undefined) return null;
  if (wire.edge.a === a) return wire.points;
  return wire.back ?? [...wire.points].reverse();
}

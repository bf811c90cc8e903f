// For tests: how far a dot is from what is drawn of the way that its packet takes.
import type { Graph, NodeId } from '../graph/graph.ts';
import type { Placement } from '../layout/placement.ts';
import { type Box, distanceToLine, type Point } from '../lib/geometry.ts';

/** In graph space; 0 inside the box of a node. */
export function distanceFromWay(graph: Graph, placement: Placement, nodes: readonly NodeId[], point: Point): number {
  let nearest = Number.POSITIVE_INFINITY;
  for (const [i, node] of nodes.entries()) {
    const box = placement.boxes.get(node);
    if (box !== undefined) nearest = Math.min(nearest, distanceToBox(box, point));
    const before = nodes[i - 1];
    const edge = graph.edgesOf.get(node)?.find(({ a, b }) => a === before || b === before);
    const wire = placement.wires.get(edge?.id ?? '');
    for (const line of [wire?.points, wire?.back]) {
      if (line) nearest = Math.min(nearest, distanceToLine(line, point));
    }
  }
  return nearest;
}

function distanceToBox(box: Box, { x, y }: Point): number {
  return Math.hypot(Math.max(box.x - x, 0, x - box.x - box.width), Math.max(box.y - y, 0, y - box.y - box.height));
}

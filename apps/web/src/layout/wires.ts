// How the wire of each edge runs: from edge.a to edge.b, in right angles, corners rounded.
import type { Edge, Graph, NodeId } from '../graph/graph.ts';
import type { Box, Point } from '../lib/geometry.ts';
import { centre, roundCorners } from '../lib/geometry.ts';
import { CHANNEL, COLUMN, COLUMN_GAP, CORNER_RADIUS, ROW, ROW_BOX, STICK_OUT } from './metrics.ts';
import { rowTop } from './place-namespace.ts';
import type { Cell, Wire } from './placement.ts';

export interface WireScene {
  readonly graph: Graph;
  readonly boxes: ReadonlyMap<NodeId, Box>;
  readonly hostWidth: number;
  readonly gridColumns: number;
  /** Cell of the namespace that a device is in, for those right of the host. */
  cellOf(device: NodeId): Cell | undefined;
}

export function routeWires(scene: WireScene): Map<string, Wire> {
  const wires = new Map<string, Wire>();
  for (const edge of scene.graph.edges) {
    const a = scene.boxes.get(edge.a);
    const b = scene.boxes.get(edge.b);
    if (a === undefined || b === undefined) continue;
    const points = roundCorners(runWire(edge, a, b, scene), CORNER_RADIUS);
    const back = edge.kind === 'loop' ? roundCorners(loopBack(a, b), CORNER_RADIUS) : null;
    wires.set(edge.id, { edge, points, back });
  }
  return wires;
}

function runWire(edge: Edge, a: Box, b: Box, scene: WireScene): Point[] {
  switch (edge.kind) {
    case 'loop':
      return loopOut(a, b);
    case 'stack':
      return fromStack(a, b);
    case 'plug':
      return plug(a, b);
    case 'uplink':
      return elbow(a, b, 0.5);
    case 'veth':
      return veth(edge, a, b, scene);
    case 'lower':
      return lower(a, b, scene.cellOf(edge.b), scene);
  }
}

const left = (box: Box): number => box.x;
const right = (box: Box): number => box.x + box.width;
const middle = (box: Box): number => box.y + box.height / 2;
const bottom = (box: Box): number => box.y + box.height;
const isBar = (box: Box): boolean => box.height > box.width;

/** A loopback is so small that its name fills it: it stands on its lane, and dots pass below the name. */
function loopOut(stack: Box, loop: Box): Point[] {
  const x = stack.x + 12;
  return [
    { x, y: bottom(stack) },
    { x, y: bottom(loop) },
    { x: loop.x + loop.width / 2, y: bottom(loop) },
  ];
}

function loopBack(stack: Box, loop: Box): Point[] {
  const x = right(stack) - 12;
  return [
    { x: loop.x + loop.width / 2, y: bottom(loop) },
    { x, y: bottom(loop) },
    { x, y: bottom(stack) },
  ];
}

/** Where a line at height `y` may touch a box: bars anywhere but their ends, other boxes in the middle. */
function touchY(box: Box, y: number): number {
  if (!isBar(box)) return middle(box);
  return Math.max(box.y + 18, Math.min(bottom(box) - 18, y));
}

function fromStack(stack: Box, device: Box): Point[] {
  const stackY = middle(stack);
  const y = touchY(device, stackY);
  // Above or below: a namespace left of the host keeps its stack under its interface.
  const overlapsX = left(device) < right(stack) && right(device) > left(stack);
  if (overlapsX) {
    const x = centre(stack).x;
    const [from, to] = y < stackY ? [stack.y, bottom(device)] : [bottom(stack), device.y];
    return [
      { x, y: from },
      { x, y: to },
    ];
  }
  const goesRight = left(device) >= right(stack);
  const startX = goesRight ? right(stack) : left(stack);
  const endX = goesRight ? left(device) : right(device);
  const turnX = goesRight ? startX + CHANNEL / 2 : (startX + endX) / 2;
  return [
    { x: startX, y: stackY },
    { x: turnX, y: stackY },
    { x: turnX, y },
    { x: endX, y },
  ];
}

function plug(master: Box, port: Box): Point[] {
  if (!isBar(master)) return underneath(port, master);
  const y = middle(port);
  return left(port) >= right(master)
    ? line(right(master), left(port), touchY(master, y), y)
    : line(left(master), right(port), touchY(master, y), y);
}

const line = (fromX: number, toX: number, fromY: number, toY: number): Point[] => [
  { x: fromX, y: fromY },
  { x: toX, y: toY },
];

/** From a device that is indented below another one up to the left side of that. */
function underneath(above: Box, below: Box): Point[] {
  if (below.x <= above.x || below.y <= above.y) return elbow(below, above, 0.5);
  const x = (Math.max(above.x, 0) + below.x) / 2;
  return [
    { x: below.x, y: middle(below) },
    { x, y: middle(below) },
    { x, y: bottom(above) },
  ];
}

/** Between facing sides, turning once on the way. */
function elbow(a: Box, b: Box, part: number): Point[] {
  const [fromX, toX] = left(b) >= right(a) ? [right(a), left(b)] : [left(a), right(b)];
  const turnX = fromX + (toX - fromX) * part;
  return [
    { x: fromX, y: middle(a) },
    { x: turnX, y: middle(a) },
    { x: turnX, y: middle(b) },
    { x: toX, y: middle(b) },
  ];
}

function veth(edge: Edge, a: Box, b: Box, scene: WireScene): Point[] {
  // From left to right; turned round at the end if that is not from a to b.
  const forward = centre(a).x <= centre(b).x;
  const [near, far] = forward ? [a, b] : [b, a];
  const cell = scene.cellOf(forward ? edge.b : edge.a);
  const points = runVeth(near, far, cell, scene);
  return forward ? points : points.reverse();
}

function runVeth(near: Box, far: Box, cell: Cell | undefined, scene: WireScene): Point[] {
  const from = { x: right(near), y: middle(near) };
  const to = { x: left(far), y: middle(far) };
  if (Math.abs(from.x - right(far)) < 1) {
    // Both on right walls of one column: a bracket.
    const x = from.x + 22;
    return [from, { x, y: from.y }, { x, y: to.y }, { x: right(far), y: to.y }];
  }
  const passesColumns = cell !== undefined && cell.column > 0 && cell.row >= 0 && from.x < scene.hostWidth + COLUMN_GAP;
  return passesColumns ? [from, ...pastColumns(from.y, to, cell, scene)] : elbow(near, far, 0.5);
}

/** From the host's wall past nearer columns: along the gutter above or below the row, each column in a track of its own. */
function pastColumns(fromY: number, to: Point, cell: Cell, { hostWidth, gridColumns }: WireScene): Point[] {
  const row = Math.floor((to.y - rowTop(0)) / ROW);
  const track = cell.column * Math.min(4, (ROW - ROW_BOX - 2) / Math.max(1, gridColumns - 1));
  const gutterY = fromY < to.y ? rowTop(row) - 1 - track : rowTop(row + 1) - ROW + ROW_BOX + 1 + track;
  const turnX = hostWidth + STICK_OUT + 2 + cell.column * Math.min(8, (COLUMN_GAP - 2 * STICK_OUT - 20) / gridColumns);
  const dropX = hostWidth + COLUMN_GAP + cell.column * COLUMN - STICK_OUT - 16;
  return [{ x: turnX, y: fromY }, { x: turnX, y: gutterY }, { x: dropX, y: gutterY }, { x: dropX, y: to.y }, to];
}

/** From the device below to the one that rides on it. */
function lower(below: Box, above: Box, cell: Cell | undefined, scene: WireScene): Point[] {
  const { hostWidth } = scene;
  const isSameColumn = Math.abs(below.x - above.x) < 60;
  if (isSameColumn) {
    return below.y < above.y ? underneath(below, above).reverse() : underneath(above, below);
  }
  const isAcrossHost = right(below) < hostWidth && left(above) > hostWidth;
  if (!isAcrossHost) return elbow(below, above, 0.5);
  // Through the host above its stack, then level with the other end.
  const overY = middle(below) - 38;
  const turnX = right(below) + 8;
  const exitX = hostWidth + STICK_OUT + 6;
  const to = { x: left(above), y: middle(above) };
  const inside = [
    { x: right(below), y: middle(below) },
    { x: turnX, y: middle(below) },
    { x: turnX, y: overY },
  ];
  return cell !== undefined && cell.column > 0
    ? [...inside, ...pastColumns(overY, to, cell, scene)]
    : [...inside, { x: exitX, y: overY }, { x: exitX, y: to.y }, to];
}

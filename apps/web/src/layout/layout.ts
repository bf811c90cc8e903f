// Graph → placement. Pure: the same graph and memory give the same picture.
import type { NetnsId } from '@hopscope/protocol';
import type { Graph, NamespaceNode, NodeId } from '../graph/graph.ts';
import type { Box, Point } from '../lib/geometry.ts';
import { unite } from '../lib/geometry.ts';
import { FOLDED, LEFT_GAP, LEFT_UNIT, LEFT_WIDTH_WITH_UPLINKS, OUTSIDE, STICK_OUT } from './metrics.ts';
import { placeHost } from './place-host.ts';
import { type Interior, placeLeft, placeRight } from './place-namespace.ts';
import type { Cell, Memory, PlacedNamespace, PlacedOutside, Placement } from './placement.ts';
import { remember, type Scene, wallsOf } from './remember.ts';
import { assignSides, hostOf } from './sides.ts';
import { sortIntoWalls } from './walls.ts';
import { routeWires } from './wires.ts';

export interface Layout {
  readonly placement: Placement;
  /** To be handed in next time. */
  readonly memory: Memory;
}

/** Of a map that nobody looks at yet. */
const USUAL_ASPECT = 1.36;
const NO_PINS: ReadonlyMap<string, Point> = new Map();

/**
 * Null when there is no namespace at all.
 * @param pins where a person put namespaces: name → corner of its box
 * @param aspect width / height of what the map is to fill; decides on first sight how boxes pack, and nothing later
 * @param folded not in the graph: they share one quiet box, and their places are kept for them
 */
export function layOut(
  graph: Graph,
  previous: Memory | null,
  aspect = USUAL_ASPECT,
  pins: ReadonlyMap<string, Point> = NO_PINS,
  folded: readonly NamespaceNode[] = [],
): Layout | null {
  const scene = buildScene(graph);
  if (scene === null) return null;
  const remembered = remember(scene, previous, aspect, new Set(folded.map((node) => node.id)));
  const host = placeHost(scene, remembered);
  const memory: Memory = { ...remembered, lanes: host.lanes, hostLanes: host.reservedLanes };

  const namespaces: PlacedNamespace[] = [];
  for (const node of graph.namespaces) {
    const side = scene.sides.get(node.id);
    const role = side?.side ?? 'host';
    const pin = side === undefined ? undefined : pins.get(pinName(node));
    const slot = side === undefined ? host : placeBeside(scene, memory, host, node.id);
    const interior = pin === undefined ? slot : moveTo(slot, pin);
    namespaces.push({ node, role, box: interior.box, stack: interior.stack, devices: interior.devices });
  }
  const outsides = namespaces.flatMap((placed) => placeOutside(placed));
  const boxes = new Map<NodeId, Box>();
  for (const placed of namespaces) {
    boxes.set(placed.node.stack, placed.stack);
    for (const device of placed.devices) boxes.set(device.node.id, device.box);
  }
  for (const outside of outsides) boxes.set(outside.id, outside.box);
  // A box that a person put somewhere is in no cell: its wires go straight there.
  const cellOf = (device: NodeId): Cell | undefined => {
    const node = graph.byNetns.get(graph.devices.get(device)?.netns ?? ('' as NetnsId));
    return node === undefined || pins.has(pinName(node)) ? undefined : memory.cells.get(node.id);
  };
  const wires = routeWires({ graph, boxes, hostWidth: host.box.width, gridColumns: memory.gridColumns, cellOf });
  const quiet = folded.length === 0 ? null : { box: foldedBox(host.box), namespaces: folded };
  const bounds = [...namespaces, ...outsides, ...(quiet === null ? [] : [quiet])].map((each) => each.box).reduce(unite);
  return { placement: { namespaces, outsides, wires, boxes, bounds, folded: quiet }, memory };
}

/** How much larger everything must become for places to be given anew. */
const WORTHWHILE = 1.3;

/**
 * After many were folded: with everything where it was or, where that leaves the picture much larger than it need be, packed anew.
 * @returns `isPacked` in the second case
 */
export function layOutTidily(
  graph: Graph,
  previous: Memory | null,
  aspect = USUAL_ASPECT,
  pins: ReadonlyMap<string, Point> = NO_PINS,
  folded: readonly NamespaceNode[] = [],
): { readonly layout: Layout; readonly isPacked: boolean } | null {
  const kept = layOut(graph, previous, aspect, pins, folded);
  const packed = layOut(graph, null, aspect, pins, folded);
  if (kept === null || packed === null) return null;
  const size = ({ placement: { bounds } }: Layout): number => Math.max(bounds.width / aspect, bounds.height);
  const isPacked = size(kept) / size(packed) >= WORTHWHILE;
  return { layout: isPacked ? packed : kept, isPacked };
}

/** Below the host, where nothing else stands. */
function foldedBox(host: Box): Box {
  const { width, height, gap } = FOLDED;
  return { x: host.x, y: host.y + host.height + gap, width, height };
}

/** What outlives a boot: the name that the person knows it by. */
export const pinName = ({ namespace }: NamespaceNode): string => namespace.names[0]?.text ?? String(namespace.inum);

function moveTo({ box, stack, devices }: Interior, corner: Point): Interior {
  const shift = <Moved extends Box>(each: Moved): Moved => ({
    ...each,
    x: each.x + corner.x - box.x,
    y: each.y + corner.y - box.y,
  });
  return { box: shift(box), stack: shift(stack), devices: devices.map((each) => ({ ...each, box: shift(each.box) })) };
}

function buildScene(graph: Graph): Scene | null {
  const host = hostOf(graph);
  if (host === undefined) return null;
  const sides = assignSides(graph);
  const walls = new Map(
    graph.namespaces.map((node) => {
      const role = sides.get(node.id)?.side ?? 'host';
      return [node.id, sortIntoWalls(node, role, graph, sides)];
    }),
  );
  return { graph, host, sides, walls };
}

function placeBeside(scene: Scene, memory: Memory, host: Interior, netns: Scene['host']['id']): Interior {
  const walls = wallsOf(scene, netns);
  const cell = memory.cells.get(netns);
  if (cell !== undefined) return placeRight(walls, cell, host.box.width);
  const depth = scene.sides.get(netns)?.depth ?? 1;
  const rightX = -LEFT_GAP - (depth - 1) * (LEFT_WIDTH_WITH_UPLINKS + LEFT_GAP);
  return placeLeft(walls, rightX, leftY(scene, memory, netns, new Set()));
}

/** Level with the device at the other end of its first wire to the right. */
function leftY(scene: Scene, memory: Memory, netns: Scene['host']['id'], seen: Set<string>): number {
  seen.add(netns);
  const toward = wallsOf(scene, netns).right[0];
  const other = scene.graph.devices.get(toward?.peer ?? toward?.lower ?? '');
  if (other === undefined || seen.has(other.netns)) return memory.hostStackY;
  const berth = memory.berths.get(other.id);
  if (berth !== undefined) return memory.hostStackY + berth.unit * LEFT_UNIT;
  const walls = wallsOf(scene, other.netns);
  const k = Math.max(0, walls.left.indexOf(other));
  return leftY(scene, memory, other.netns, seen) + (Math.max(1, walls.right.length) + k) * LEFT_UNIT;
}

function placeOutside(placed: PlacedNamespace): PlacedOutside[] {
  const { node, devices, role, stack } = placed;
  const uplinks = devices.filter((device) => device.node.leadsOutside);
  const first = uplinks[0];
  if (node.outside === null || first === undefined) return [];
  const middle = first.box.y + first.box.height / 2;
  const box =
    role === 'right'
      ? { x: stack.x + 8, y: middle - 15, width: stack.width - 8, height: 30 }
      : {
          x: placed.box.x - STICK_OUT - OUTSIDE.gap - OUTSIDE.width,
          y: middle - OUTSIDE.height / 2,
          width: OUTSIDE.width,
          height: OUTSIDE.height,
        };
  return [{ id: node.outside, namespace: node, box }];
}

// The host's box: left wall, stack, bars, right wall. Its origin is the origin of graph space.
import type { DeviceNode } from '../graph/graph.ts';
import { assignLanes, laneX, type Range } from './lanes.ts';
import {
  CHANNEL,
  compactPortHeight,
  HOST_STACK_X,
  IFACE,
  INNER,
  LANE,
  LEFT_UNIT,
  MIN_COLUMNS,
  PORT_Y,
  portOffsets,
  ROW,
  STACK,
  STICK_OUT,
} from './metrics.ts';
import { barBox, barRanges, type Interior, ifaceBox, insetBox, loopBox, rowTop } from './place-namespace.ts';
import type { Memory, PlacedDevice } from './placement.ts';
import type { Scene } from './remember.ts';
import { wallsOf } from './remember.ts';

export interface HostPlacement extends Interior {
  readonly lanes: ReadonlyMap<string, number>;
  readonly reservedLanes: number;
}

const BOTTOM_MARGIN = 24;
const IDLE_LINE = 22;

export function placeHost(scene: Scene, memory: Memory): HostPlacement {
  const walls = wallsOf(scene, scene.host.id);
  const devices: PlacedDevice[] = [];
  const stackY = memory.hostStackY;
  const stack = { x: HOST_STACK_X, y: stackY - STACK.height / 2, width: STACK.width, height: STACK.height };
  const berthY = (node: DeviceNode): number => stackY + (memory.berths.get(node.id)?.unit ?? 0) * LEFT_UNIT;
  const middleY = new Map<string, number>();
  for (const node of walls.left) middleY.set(node.id, berthY(node));
  for (const node of walls.right) middleY.set(node.id, portY(node, scene, memory));

  const ranges = barRanges(walls.bars, [...walls.left, ...walls.right], middleY, stackY);
  const lanes = assignLanes(ranges, memory.lanes);
  const used = Math.max(0, ...lanes.values()) + 1;
  const reservedLanes = Math.max(1, memory.hostLanes === 0 ? used : memory.hostLanes);
  const firstLaneX = HOST_STACK_X + STACK.width + CHANNEL;
  const width = firstLaneX + reservedLanes * LANE + 10 + INNER;

  for (const node of walls.left) devices.push({ node, box: ifaceBox(-STICK_OUT, berthY(node)), compact: false });
  for (const node of walls.inside) devices.push({ node, box: insetBox(0, berthY(node)), compact: false });
  for (const node of walls.right) {
    const compact = isCompact(node, scene, memory);
    const height = compact ? compactPortHeight(memory.gridColumns) : IFACE.height;
    devices.push({ node, box: ifaceBox(width - INNER, middleY.get(node.id) ?? stackY, height), compact });
  }
  for (const node of walls.bars) {
    const x = laneX(lanes.get(node.id) ?? 0, used, reservedLanes, firstLaneX, LANE);
    devices.push({ node, box: barBox(x, ranges.get(node.id) as Range), compact: false });
  }
  if (walls.loop !== null) devices.push({ node: walls.loop, box: loopBox(stack), compact: false });

  const lowest = Math.max(stack.y + stack.height, ...devices.map((each) => each.box.y + each.box.height));
  const bottom = Math.max(rowTop(0) + ROW, lowest + BOTTOM_MARGIN) + (scene.host.idle.length > 0 ? IDLE_LINE : 0);
  return { box: { x: 0, y: 0, width, height: bottom }, stack, devices, lanes, reservedLanes };
}

/** Row and column of the grid that a port of the right wall leads to. */
function cellOf(port: DeviceNode, scene: Scene, memory: Memory): { row: number; column: number } {
  const own = memory.cells.get(port.id);
  if (own !== undefined) return own;
  const other = scene.graph.devices.get(port.peer ?? '');
  const cell = memory.cells.get(other?.netns ?? '');
  if (other === undefined || cell === undefined) return { row: 0, column: 0 };
  return { row: cell.row + Math.max(0, wallsOf(scene, other.netns).left.indexOf(other)), column: cell.column };
}

/** Level with the interface at the other end when that stands in the first column, else one of the row's other places. */
function portY(port: DeviceNode, scene: Scene, memory: Memory): number {
  const { row, column } = cellOf(port, scene, memory);
  const offsets = portOffsets(memory.gridColumns);
  return rowTop(row) + (offsets[column % offsets.length] ?? PORT_Y);
}

/** Where several ports share the height of a row, only the one in the middle has room for two lines; of more than four, none. */
function isCompact(port: DeviceNode, scene: Scene, memory: Memory): boolean {
  return memory.gridColumns > MIN_COLUMNS || cellOf(port, scene, memory).column > 0;
}

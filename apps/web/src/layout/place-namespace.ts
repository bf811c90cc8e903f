// The boxes of one namespace beside the host and of what is in it.
import type { DeviceNode } from '../graph/graph.ts';
import type { Box } from '../lib/geometry.ts';
import { assignLanes, laneX, type Range } from './lanes.ts';
import {
  BAR_REACH,
  BAR_WIDTH,
  CHANNEL,
  COLUMN,
  COLUMN_GAP,
  HOST_TOP,
  IFACE,
  INNER,
  INSET_PITCH,
  INSET_X,
  LANE,
  LEFT_UNIT,
  LEFT_WIDTH,
  LEFT_WIDTH_WITH_UPLINKS,
  LOOP,
  NAMESPACE_WIDTH,
  PORT_Y,
  ROW,
  ROW_BOX,
  SHELF_GAP,
  STACK,
  STACK_X,
  STICK_OUT,
} from './metrics.ts';
import type { Cell, PlacedDevice } from './placement.ts';
import type { Walls } from './walls.ts';

/** From the end of a bar to the edge of its box. */
const BAR_MARGIN = 12;

export interface Interior {
  readonly box: Box;
  readonly stack: Box;
  readonly devices: readonly PlacedDevice[];
}

/** Rows below 0 are the shelf's. */
export const rowTop = (row: number): number => row * ROW + (row < 0 ? ROW - ROW_BOX - SHELF_GAP : HOST_TOP);

export function ifaceBox(x: number, middleY: number, height: number = IFACE.height): Box {
  return { x, y: middleY - height / 2, width: IFACE.width, height };
}

export function insetBox(wallX: number, middleY: number): Box {
  return { x: wallX + INSET_X, y: middleY - IFACE.height / 2, width: INNER + 8, height: IFACE.height };
}

/** The loopback hangs under the stack. */
export function loopBox(stack: Box): Box {
  const x = stack.x + (stack.width - LOOP.width) / 2;
  return { x, y: stack.y + stack.height + LOOP.below, width: LOOP.width, height: LOOP.height };
}

export const barBox = (x: number, range: Range): Box => ({
  x,
  y: range.top,
  width: BAR_WIDTH,
  height: range.bottom - range.top,
});

/** A bar reaches over all its ports. */
function barRange(portYs: readonly number[], fallbackY: number): Range {
  const ys = portYs.length > 0 ? portYs : [fallbackY];
  return { top: Math.min(...ys) - BAR_REACH, bottom: Math.max(...ys) + BAR_REACH };
}

/** Left end of a column: of the shelf right above the host, else right of it. */
function columnX(cell: Cell, hostWidth: number): number {
  return (cell.row < 0 ? 0 : hostWidth + COLUMN_GAP) + cell.column * COLUMN;
}

/** In its cell: wires come in on the left. */
export function placeRight(walls: Walls, cell: Cell, hostWidth: number): Interior {
  const x = columnX(cell, hostWidth);
  const top = rowTop(cell.row);
  const width = NAMESPACE_WIDTH + (cell.columns - 1) * COLUMN;
  const box = { x, y: top, width, height: cell.rows * ROW - (ROW - ROW_BOX) };
  const rowY = (k: number): number => top + k * ROW + PORT_Y;
  // Level with the middle of its wires: those that come in or, in the hub of an island, those that go out.
  const wired = Math.max(1, walls.left.length > 0 ? walls.left.length : walls.right.length);
  const stackY = rowY((wired - 1) / 2);
  const stack = { x: x + STACK_X, y: stackY - STACK.height / 2, width: STACK.width, height: STACK.height };
  const devices: PlacedDevice[] = [];
  const put = (node: DeviceNode, deviceBox: Box): void => {
    devices.push({ node, box: deviceBox, compact: false });
  };
  for (const [k, node] of walls.left.entries()) put(node, ifaceBox(x - STICK_OUT, rowY(k)));
  for (const [k, node] of walls.right.entries()) put(node, ifaceBox(x + width - INNER, rowY(k)));
  const rows = Math.max(1, walls.left.length, walls.right.length);
  // Without a wired interface the first row is free for the others.
  const firstY = walls.left.length === 0 ? rowY(0) : top + rows * ROW + 12;
  for (const [k, node] of walls.inside.entries()) put(node, insetBox(x, firstY + k * INSET_PITCH));
  if (walls.loop !== null) put(walls.loop, loopBox(stack));
  const middle = new Map(devices.map((each) => [each.node.id, each.box.y + each.box.height / 2]));
  const ranges = barRanges(walls.bars, [...walls.left, ...walls.right], middle, stackY);
  const lanes = assignLanes(ranges, new Map());
  const reserved = Math.max(1, Math.floor((width - STACK_X - STACK.width - CHANNEL - INNER) / LANE));
  const used = Math.max(0, ...lanes.values()) + 1;
  for (const bar of walls.bars) {
    const laneAt = laneX(lanes.get(bar.id) ?? 0, used, reserved, stack.x + STACK.width + CHANNEL, LANE);
    const { top: barTop, bottom } = ranges.get(bar.id) as Range;
    put(bar, barBox(laneAt, { top: barTop, bottom: Math.min(bottom, box.y + box.height - BAR_MARGIN) }));
  }
  return { box, stack, devices };
}

export function barRanges(
  bars: readonly DeviceNode[],
  ports: readonly DeviceNode[],
  middleY: ReadonlyMap<string, number>,
  fallbackY: number,
): Map<string, Range> {
  const ranges = bars.map((bar): [string, Range] => {
    const ys = ports.filter((port) => port.master === bar).map((port) => middleY.get(port.id) ?? fallbackY);
    return [bar.id, barRange(ys, fallbackY)];
  });
  return new Map(ranges);
}

/** Left of the host: wires go out on the right, the stack hangs below them, uplinks leave on the left. */
export function placeLeft(walls: Walls, rightX: number, firstY: number): Interior {
  const width = walls.left.length > 0 ? LEFT_WIDTH_WITH_UPLINKS : LEFT_WIDTH;
  const x = rightX - width;
  const devices: PlacedDevice[] = [];
  const put = (node: DeviceNode, deviceBox: Box): void => {
    devices.push({ node, box: deviceBox, compact: false });
  };
  for (const [k, node] of walls.right.entries()) put(node, ifaceBox(rightX - INNER, firstY + k * LEFT_UNIT));
  const below = Math.max(1, walls.right.length);
  const stackY = firstY + below * LEFT_UNIT;
  const stackX = walls.left.length > 0 ? x + STACK_X : x + (width - STACK.width) / 2;
  const stack = { x: stackX, y: stackY - STACK.height / 2, width: STACK.width, height: STACK.height };
  for (const [k, node] of walls.left.entries()) put(node, ifaceBox(x - STICK_OUT, stackY + k * LEFT_UNIT));
  const insideY = stackY + Math.max(1, walls.left.length) * LEFT_UNIT;
  const inside = [...walls.inside, ...walls.bars];
  for (const [k, node] of inside.entries()) put(node, insetBox(x, insideY + k * INSET_PITCH));
  if (walls.loop !== null) put(walls.loop, loopBox(stack));
  const bottom = Math.max(...devices.map((each) => each.box.y + each.box.height), stack.y + stack.height) + 30;
  const top = firstY - PORT_Y;
  return { box: { x, y: top, width, height: bottom - top }, stack, devices };
}

// Gives a place to whatever is seen for the first time and forgets what is gone. Nothing else ever moves.
import type { NetnsId } from '@hopscope/protocol';
import type { DeviceNode, Graph, NamespaceNode } from '../graph/graph.ts';
import { besideParent, columnsFor, createGrid, fits, type Want } from './grid.ts';
import { COLUMN, HOST_TOP, LANE, NAMESPACE_WIDTH, PORT_Y, ROW } from './metrics.ts';
import type { Berth, Cell, Memory } from './placement.ts';
import { fillShelf } from './shelf.ts';
import type { Side } from './sides.ts';
import type { Walls } from './walls.ts';

export interface Scene {
  readonly graph: Graph;
  readonly host: NamespaceNode;
  readonly sides: ReadonlyMap<NetnsId, Side>;
  readonly walls: ReadonlyMap<NetnsId, Walls>;
}

const NO_WALLS: Walls = { left: [], right: [], bars: [], inside: [], loop: null };
export const wallsOf = (scene: Scene, netns: NetnsId): Walls => scene.walls.get(netns) ?? NO_WALLS;

/**
 * Everything of the memory but the lanes, which need to know where the ports stand.
 * @param aspect width / height of what the picture is to fill; used on first sight
 * @param reserved namespaces that are not shown and keep their places
 */
export function remember(
  scene: Scene,
  previous: Memory | null,
  aspect: number,
  reserved: ReadonlySet<string> = new Set(),
): Memory {
  const wanted = cellsWanted(scene);
  const inGrid = wanted.filter((want) => want.island === null);
  const cells = new Map([...(previous?.cells ?? [])].filter(([key]) => reserved.has(key)));
  for (const want of inGrid) {
    const cell = previous?.cells.get(want.key);
    if (cell !== undefined && cell.row >= 0 && fits(cell, want)) cells.set(want.key, cell);
  }
  const shape = {
    columns:
      previous?.gridColumns ??
      columnsFor(
        inGrid.reduce((sum, want) => sum + want.columns * want.rows, 0),
        aspect,
      ),
    aspect: previous?.aspect ?? aspect,
  };
  const grid = createGrid(cells, shape);
  for (const want of inGrid) if (!cells.has(want.key)) grid.take(want.key, want, besideParent(want, cells));
  // Level with the middle of what is wired to the host.
  const wired = inGrid.filter((want) => want.isWired).map((want) => cells.get(want.key) as Cell);
  const rowsUsed = Math.max(1, ...wired.filter((cell) => cell.column === 0).map((cell) => cell.row + cell.rows));
  const blocks = fillShelf(
    wanted.filter((want) => want.island !== null),
    cells,
    previous,
    reserved,
  );
  return {
    gridColumns: shape.columns,
    aspect: shape.aspect,
    cells,
    blocks,
    berths: berths(scene, previous?.berths ?? new Map()),
    hostStackY: previous?.hostStackY ?? HOST_TOP + PORT_Y + ((rowsUsed - 1) / 2) * ROW,
    hostLanes: previous?.hostLanes ?? 0,
    lanes: previous?.lanes ?? new Map(),
  };
}

function cellsWanted(scene: Scene): Want[] {
  const right = scene.graph.namespaces.filter((node) => scene.sides.get(node.id)?.side === 'right');
  const order = new Map(right.map((node) => [node.id, sortKey(node, scene)]));
  right.sort((a, b) => compareKeys(order.get(a.id) ?? [], order.get(b.id) ?? []));
  const wants = right.map((node): Want => {
    const { depth, island } = scene.sides.get(node.id) as Side;
    const isWired = depth > 0 && island === null;
    return { key: node.id, ...sizeOf(wallsOf(scene, node.id)), ...parentOf(node, scene), island, isWired };
  });
  // Ports of the host whose other end nobody knows (a virtual machine's tap): a row of the wall, without a box.
  for (const device of wallsOf(scene, scene.host.id).right) {
    const other = scene.graph.devices.get(device.peer ?? '');
    const hasBox = other !== undefined && scene.sides.get(other.netns)?.side === 'right';
    if (!hasBox) {
      wants.push({ key: device.id, columns: 1, rows: 1, parent: null, parentRow: 0, island: null, isWired: true });
    }
  }
  return wants;
}

function sizeOf(walls: Walls): { columns: number; rows: number } {
  const wide = walls.right.length > 0 || walls.bars.length > 0;
  const width = wide ? NAMESPACE_WIDTH + 130 + Math.max(0, walls.bars.length - 1) * LANE : NAMESPACE_WIDTH;
  return {
    columns: Math.ceil((width + COLUMN - NAMESPACE_WIDTH) / COLUMN),
    rows: Math.max(1, walls.left.length, walls.right.length) + Math.ceil(walls.inside.length / 2),
  };
}

/** Wired before unwired, near before far, then by the bridge and port of the host they hang on, so that bars stay short. */
function sortKey(node: NamespaceNode, scene: Scene): number[] {
  const { depth, island } = scene.sides.get(node.id) as Side;
  const ports = node.devices.flatMap((device): DeviceNode[] => {
    const other = scene.graph.devices.get(device.peer ?? '');
    return other?.netns === scene.host.id ? [other] : [];
  });
  const bridge = Math.min(...ports.map((port) => port.master?.link.ifindex ?? 1e6), 1e9);
  const port = Math.min(...ports.map((each) => each.link.ifindex), 1e9);
  return [depth === 0 && island === null ? 1e9 : depth, bridge, port, node.namespace.inum];
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) if (value !== b[i]) return value - (b[i] ?? 0);
  return 0;
}

/** The namespace that this one hangs on, unless that is the host, and the row of its interface there. */
function parentOf(node: NamespaceNode, scene: Scene): { parent: NetnsId | null; parentRow: number } {
  const own = scene.sides.get(node.id);
  if (own === undefined || own.depth < (own.island === null ? 2 : 1)) return { parent: null, parentRow: 0 };
  for (const device of node.devices) {
    const other = scene.graph.devices.get(device.peer ?? device.lower ?? '');
    if (other === undefined || scene.sides.get(other.netns)?.depth !== own.depth - 1) continue;
    return { parent: other.netns, parentRow: Math.max(0, wallsOf(scene, other.netns).right.indexOf(other)) };
  }
  return { parent: null, parentRow: 0 };
}

/** Units of the host's left wall. Unit 0 is level with the stack: the main uplink, in a straight line from outside. */
function berths(scene: Scene, previous: ReadonlyMap<string, Berth>): Map<string, Berth> {
  const walls = wallsOf(scene, scene.host.id);
  // What rides on a device stands below it.
  const riders = (below: DeviceNode): DeviceNode[] =>
    walls.inside.filter((device) => device.lower === below.id || below.master === device);
  const devices = [...new Set([...walls.left.flatMap((device) => [device, ...riders(device)]), ...walls.inside])];
  const kept = new Map<string, Berth>();
  const taken = new Set<number>();
  const mark = (key: string, berth: Berth): void => {
    kept.set(key, berth);
    for (let i = 0; i < berth.units; i++) taken.add(berth.unit + i);
  };
  for (const device of devices) {
    const berth = previous.get(device.id);
    if (berth !== undefined) mark(device.id, berth);
  }
  for (const device of devices) {
    if (kept.has(device.id)) continue;
    const units = walls.left.includes(device) ? unitsFor(device, scene) : 1;
    // A line from a port past the stack to its bridge needs a height of its own.
    let unit = device.master?.shape === 'bridge' || walls.inside.includes(device) ? 1 : 0;
    const isFree = (): boolean => Array.from({ length: units }, (_, i) => unit + i).every((each) => !taken.has(each));
    while (!isFree()) unit++;
    mark(device.id, { unit, units });
  }
  return kept;
}

/** A box left of the host reaches 72 above and 140 below its first interface, whose unit is 76 high. */
function unitsFor(device: DeviceNode, scene: Scene): number {
  const other = scene.graph.devices.get(device.peer ?? device.lower ?? '');
  return other !== undefined && scene.sides.get(other.netns)?.side === 'left' ? 3 : 1;
}

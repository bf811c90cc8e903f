// The shelf above the host: islands, namespaces wired to each other but not to the host (a rootless container engine, another
// program's practice network). Each has a block of rows for itself; blocks pile up upwards, so that none moves another.
import { besideParent, createGrid, fits, type Want } from './grid.ts';
import type { Block, Cell, Memory } from './placement.ts';

/**
 * @param wanted of all islands, hubs before what hangs on them
 * @param cells added to
 * @param reserved hubs of islands that are not shown and keep their blocks
 */
export function fillShelf(
  wanted: readonly Want[],
  cells: Map<string, Cell>,
  previous: Memory | null,
  reserved: ReadonlySet<string>,
): Map<string, Block> {
  const islands = new Map<string, Want[]>();
  for (const want of wanted) islands.set(want.island ?? '', [...(islands.get(want.island ?? '') ?? []), want]);
  const blocks = new Map<string, Block>();
  for (const hub of [...islands.keys(), ...reserved]) {
    const block = previous?.blocks.get(hub);
    if (block !== undefined) blocks.set(hub, block);
  }
  for (const [hub, wants] of islands) {
    const block = blocks.get(hub);
    const kept = block && placeIsland(wants, block.top, previous?.cells ?? new Map());
    if (block !== undefined && kept !== undefined && lastRow(kept) < block.top + block.rows) {
      for (const [key, cell] of kept) cells.set(key, cell);
      continue;
    }
    // New, or grown out of its block: to the top.
    blocks.delete(hub);
    const rows = lastRow(placeIsland(wants, 0, new Map())) + 1;
    const top = Math.min(0, ...[...blocks.values()].map((each) => each.top)) - rows;
    blocks.set(hub, { top, rows });
    for (const [key, cell] of placeIsland(wants, top, new Map())) cells.set(key, cell);
  }
  return blocks;
}

function placeIsland(wants: readonly Want[], top: number, before: ReadonlyMap<string, Cell>): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const want of wants) {
    const cell = before.get(want.key);
    if (cell !== undefined && cell.row < 0 && fits(cell, want)) cells.set(want.key, cell);
  }
  const grid = createGrid(cells, { columns: 1, aspect: 1 });
  for (const want of wants) {
    if (!cells.has(want.key)) grid.take(want.key, want, besideParent(want, cells) ?? { column: 0, row: top });
  }
  return cells;
}

const lastRow = (cells: ReadonlyMap<string, Cell>): number =>
  Math.max(...[...cells.values()].map((cell) => cell.row + cell.rows - 1));

// Cells right of the host. A cell once given is kept; a new box gets the first free one.
import { BESIDE_GRID, COLUMN, HOST_TOP, MAX_COLUMNS, MIN_COLUMNS, ROW } from './metrics.ts';
import type { Cell } from './placement.ts';

export interface Want {
  /** Id of a namespace, or of a device that stands for itself. */
  readonly key: string;
  readonly columns: number;
  readonly rows: number;
  /** Of a namespace that hangs on another one beside the host: that one … */
  readonly parent: string | null;
  /** … and the row of it where the wire goes in. */
  readonly parentRow: number;
  readonly island: string | null;
  /** To the host, through however many others. */
  readonly isWired: boolean;
}

/** A box that shrank keeps its place; one that no longer fits gets a new one. */
export const fits = (cell: Cell, want: Want): boolean => cell.columns >= want.columns && cell.rows >= want.rows;

/** Where a namespace would best stand: right of the one it hangs on, level with its wire there. */
export function besideParent(
  want: Want,
  cells: ReadonlyMap<string, Cell>,
): { column: number; row: number } | undefined {
  const parent = want.parent === null ? undefined : cells.get(want.parent);
  return parent && { column: parent.column + parent.columns, row: parent.row + want.parentRow };
}

export interface Grid {
  /** The first free place at or below the given one; else the free place that keeps the whole picture smallest on the screen. */
  take(key: string, size: { columns: number; rows: number }, from?: { column: number; row: number }): Cell;
}

export interface GridShape {
  readonly columns: number;
  /** Width / height of what the picture is to fill. */
  readonly aspect: number;
}

/**
 * How large the picture becomes when its last cell ends at that column and row, in graph units of height. Whatever order cells are
 * taken in, the grid grows like the screen it is shown on, and nothing has to make room.
 */
const reach = (cell: Cell, aspect: number): number =>
  Math.max((BESIDE_GRID + (cell.column + cell.columns) * COLUMN) / aspect, HOST_TOP + (cell.row + cell.rows) * ROW);

/** @returns how many columns a picture of that shape has when this many cells are in it */
export function columnsFor(cells: number, aspect: number): number {
  let columns = MIN_COLUMNS;
  while (columns < MAX_COLUMNS && (columns * (BESIDE_GRID + columns * COLUMN)) / aspect / ROW < cells) columns++;
  return columns;
}

/** @param cells places already given; added to by `take` */
export function createGrid(cells: Map<string, Cell>, { columns, aspect }: GridShape): Grid {
  const taken = new Set<number>();
  const keyOf = (column: number, row: number): number => row * 1000 + column;
  const mark = (cell: Cell): void => {
    for (let c = 0; c < cell.columns; c++) {
      for (let r = 0; r < cell.rows; r++) taken.add(keyOf(cell.column + c, cell.row + r));
    }
  };
  for (const cell of cells.values()) mark(cell);

  function isFree(cell: Cell): boolean {
    for (let c = 0; c < cell.columns; c++) {
      for (let r = 0; r < cell.rows; r++) if (taken.has(keyOf(cell.column + c, cell.row + r))) return false;
    }
    return true;
  }

  function firstFree(size: { columns: number; rows: number }, from: { column: number; row: number }): Cell {
    for (let row = from.row; ; row++) {
      const cell = { column: from.column, row, columns: size.columns, rows: size.rows };
      if (isFree(cell)) return cell;
    }
  }

  function find(size: { columns: number; rows: number }, from: { column: number; row: number } | undefined): Cell {
    // Beside its parent where there is room for it, at any column.
    if (from !== undefined) return firstFree(size, from);
    let best = firstFree(size, { column: 0, row: 0 });
    for (let column = 1; column < columns; column++) {
      const cell = firstFree(size, { column, row: 0 });
      if (reach(cell, aspect) < reach(best, aspect)) best = cell;
    }
    return best;
  }

  return {
    take(key, size, from) {
      const cell = find(size, from);
      mark(cell);
      cells.set(key, cell);
      return cell;
    },
  };
}

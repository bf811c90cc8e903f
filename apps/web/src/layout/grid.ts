// Cells right of the host. A cell once given is kept; a new box gets the first free one.
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
  /** First free place at or after the given column, top to bottom and then left to right. */
  take(key: string, size: { columns: number; rows: number }, from?: { column: number; row: number }): Cell;
}

/** @param cells places already given; added to by `take` */
export function createGrid(cells: Map<string, Cell>, gridRows: number, gridColumns: number): Grid {
  const taken = new Set<string>();
  const mark = (cell: Cell): void => {
    for (let c = 0; c < cell.columns; c++) {
      for (let r = 0; r < cell.rows; r++) taken.add(`${cell.column + c},${cell.row + r}`);
    }
  };
  for (const cell of cells.values()) mark(cell);

  function isFree(cell: Cell): boolean {
    for (let c = 0; c < cell.columns; c++) {
      for (let r = 0; r < cell.rows; r++) if (taken.has(`${cell.column + c},${cell.row + r}`)) return false;
    }
    return true;
  }

  function find(size: { columns: number; rows: number }, from: { column: number; row: number } | undefined): Cell {
    // Beside its parent where there is room for it, at any column.
    if (from !== undefined) {
      for (let row = from.row; ; row++) {
        const cell = { column: from.column, row, ...size };
        if (isFree(cell)) return cell;
      }
    }
    // One block of rows after another: column by column within a block, so that a block full to its last column is
    // followed by rows below it and nothing has to make room.
    for (let block = 0; ; block++) {
      const top = block * gridRows;
      for (let column = 0; column < gridColumns; column++) {
        for (let row = top; row < top + gridRows; row++) {
          const fits = row + size.rows <= top + Math.max(gridRows, size.rows);
          const cell = { column, row, ...size };
          if (fits && isFree(cell)) return cell;
        }
      }
    }
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

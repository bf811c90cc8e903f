// Sizes in graph space. At scale 1 one unit is one CSS pixel; the smallest type on the map is 12, tags 11.

/**
 * Interface box. Fifteen characters, the longest name the kernel allows, fit. Its name stands above and its address below
 * the lane in the middle where packets pass, so that no dot ever hides a text.
 */
export const IFACE = { width: 124, height: 52 } as const;
/** How far an interface sticks out of its namespace's wall. */
export const STICK_OUT = 16;
export const INNER = IFACE.width - STICK_OUT;

export const STACK = { width: 110, height: 52 } as const;
export const BAR_WIDTH = 48;
/** From the outermost port of a bridge to the end of its bar. */
export const BAR_REACH = 58;
export const LANE = 60;

export const LOOP = { width: 40, height: 20, below: 8 } as const;

/** One row of the grid: a namespace's box and the gutter under it, where wires to farther columns run. */
export const ROW = 152;
export const ROW_BOX = 132;
/** From the top of a row to the middle of its interface. */
export const PORT_Y = 72;
/** Columns of the grid that leave room for two lines in the port of the nearest one. */
export const MIN_COLUMNS = 4;
export const MAX_COLUMNS = 12;
const PORT_OFFSETS: readonly number[] = [PORT_Y, 22, 122, -4];
const COMPACT_PORT_HEIGHT = 22;

/** Where the ports of one row stand on the host's wall, by the column they lead to: level with the row, then ever farther from it. */
export function portOffsets(columns: number): readonly number[] {
  if (columns <= MIN_COLUMNS) return PORT_OFFSETS;
  const pitch = ROW / columns;
  return Array.from({ length: columns }, (_, k) => PORT_Y + (k % 2 === 0 ? k / 2 : -(k + 1) / 2) * pitch);
}

export const compactPortHeight = (columns: number): number =>
  columns <= MIN_COLUMNS ? COMPACT_PORT_HEIGHT : Math.min(COMPACT_PORT_HEIGHT, ROW / columns - 1);

/** Left wall of a box to its stack. */
export const STACK_X = 132;
/** Free space right of a stack where lines to bars turn. */
export const CHANNEL = 28;

export const HOST_TOP = 46;
/** Between the lowest row of the shelf and the host. */
export const SHELF_GAP = 34;
export const HOST_STACK_X = STACK_X + 8;
export const NAMESPACE_WIDTH = STACK_X + STACK.width + 14;
export const COLUMN_GAP = 84;
export const COLUMN = NAMESPACE_WIDTH + COLUMN_GAP;

/** What stands beside the grid, roughly: the host with a bridge or two, and what is left of it. */
export const BESIDE_GRID = 640;

/** Left of the host. */
export const LEFT_UNIT = 76;
export const LEFT_GAP = 64;
export const LEFT_WIDTH = 146;
export const LEFT_WIDTH_WITH_UPLINKS = 256;
export const OUTSIDE = { width: 132, height: 66, gap: 32 } as const;

/** The quiet box of all that is folded. */
export const FOLDED = { width: 250, height: 58, gap: 26 } as const;

/** Devices without a wire through a wall stand inside, indented. */
export const INSET_X = 14;
export const INSET_PITCH = 66;

export const CORNER_RADIUS = 9;

// Sizes in graph space. At scale 1 one unit is one CSS pixel; the smallest type on the map is 12.

/** Interface box. Fifteen characters, the longest name the kernel allows, fit. */
export const IFACE = { width: 124, height: 42 } as const;
/** How far an interface sticks out of its namespace's wall. */
export const STICK_OUT = 16;
export const INNER = IFACE.width - STICK_OUT;

export const STACK = { width: 96, height: 42 } as const;
export const BAR_WIDTH = 40;
/** From the outermost port of a bridge to the end of its bar. */
export const BAR_REACH = 58;
export const LANE = 60;

export const LOOP = { width: 44, height: 20, below: 14 } as const;

/** One row of the grid: a namespace's box and the gutter under it, where wires to farther columns run. */
export const ROW = 142;
export const ROW_BOX = 122;
/** From the top of a row to the middle of its interface. */
export const PORT_Y = 68;
/** Where ports of one row stand on the host's wall, by the column they lead to. */
export const PORT_OFFSETS = [68, 22, 114] as const;
export const COMPACT_PORT_OFFSETS = [68, 14, 40, 96, 122] as const;
export const COMPACT_PORT_HEIGHT = 24;

/** Left wall of a box to its stack. */
export const STACK_X = 140;
/** Free space right of a stack where lines to bars turn. */
export const CHANNEL = 34;

export const HOST_TOP = 46;
export const HOST_STACK_X = STACK_X + 4;
export const NAMESPACE_WIDTH = STACK_X + STACK.width + 14;
export const COLUMN_GAP = 92;
export const COLUMN = NAMESPACE_WIDTH + COLUMN_GAP;

/** Left of the host. */
export const LEFT_UNIT = 71;
export const LEFT_GAP = 76;
export const LEFT_WIDTH = 152;
export const LEFT_WIDTH_WITH_UPLINKS = 256;
export const OUTSIDE = { width: 104, height: 56, gap: 40 } as const;

/** Devices without a wire through a wall stand inside, indented. */
export const INSET_X = 14;
export const INSET_PITCH = 56;

export const CORNER_RADIUS = 9;

// The sign of each kind of interface: strokes alone, so that it is told apart in grey and in any theme.
import type { KindSign } from '../graph/device-kinds.ts';

/** SVG path data around (0, 0); 22 wide, 13 high. */
export const GLYPHS: Readonly<Record<KindSign, string>> = {
  // Plug and socket.
  veth: 'M-11 0H-8M-8 -5H-3V5H-8ZM-3 -2.5H1M-3 2.5H1M3 -5H8V5H3ZM8 0H11',
  // A socket for a network cable.
  physical: 'M-8 6.5V-6.5H8V6.5ZM-4.5 3.5V-1H-2V-3.5H2V-1H4.5V3.5Z',
  // A bus with what is plugged into it.
  bridge: 'M-11 0H11M-7 0V-6M7 0V-6M0 0V6M-9 -6H-5M5 -6H9M-2 6H2',
  loopback: 'M5.2 -1.8A5.5 5.5 0 1 0 5.2 1.8M6.2 -6.2V-1.8H1.8',
  // A label on a string.
  vlan: 'M-11 0H-8M-8 -5.5H5L10.5 0L5 5.5H-8ZM-4.6 0A0.6 0.6 0 1 0 -4.6 0.1',
  // A tube, and what goes through.
  tunnel: 'M-7 -6A2.6 6 0 0 0 -7 6A2.6 6 0 0 0 -7 -6H7A2.6 6 0 0 1 7 6H-7M-11 0H-7M4 0H11',
  // One becomes several.
  macvlan: 'M-11 0H-4M-4 0L2 -5.5H10M-4 0H10M-4 0L2 5.5H10',
  // A program's window.
  tun: 'M-9 -6.5H9V6.5H-9ZM-5.5 -3L-2 0L-5.5 3M0.5 3H5',
  // Two held together.
  bond: 'M-11 -3H11M-11 3H11M0 -6.5A3 6.5 0 0 1 0 6.5A3 6.5 0 0 1 0 -6.5',
  // Nothing behind it.
  dummy: 'M-6 0A6 6 0 1 0 6 0A6 6 0 1 0 -6 0M-4.2 4.2L4.2 -4.2',
  other: 'M-8 -5.5H8V5.5H-8Z',
};

/** The outline of a cloud that fills a box; SVG path data from the box's corner. */
export function cloudPath(width: number, height: number): string {
  const x = (part: number): string => (part * width).toFixed(1);
  const y = (part: number): string => (part * height).toFixed(1);
  const to = (part: readonly number[]): string => part.map((each, i) => (i % 2 === 0 ? x(each) : y(each))).join(' ');
  return [
    `M${to([0.17, 1])}`,
    `C${to([-0.06, 1, -0.06, 0.5, 0.13, 0.46])}`,
    `C${to([0.1, 0.12, 0.33, 0.02, 0.42, 0.2])}`,
    `C${to([0.5, -0.1, 0.78, -0.06, 0.8, 0.24])}`,
    `C${to([0.97, 0.2, 1.02, 0.5, 0.92, 0.6])}`,
    `C${to([1.05, 0.75, 0.98, 1, 0.83, 1])}Z`,
  ].join('');
}

// The map as it is at this instant, for who makes a picture of it.
import { type Box, unite } from '../lib/geometry.ts';
import type { PacketContext } from './paint-packets.ts';
import type { Size, View } from './spaces.ts';
import { type Stage, sizeOf } from './stage.ts';

/** `screen`: what is to be seen now. `whole`: all of the map, written out in full. */
export type DepictedPart = 'screen' | 'whole';

/** Holds only as long as the call that hands it out. */
export interface Depiction {
  /** Graph space to the picture's. */
  readonly view: View;
  readonly size: Size;
  /** Below the packets. */
  readonly world: SVGGElement;
  /** Above them. */
  readonly overlay: SVGGElement;
  paintPackets(context: PacketContext): void;
}

const MARGIN = 16;
/** Around the map, for boxes about drops: the picture grows as needed. */
const ASIDE = 260;
const WHOLE_VIEW: View = { scale: 1, x: 0, y: 0 };

export function screenFrame(stage: Stage, view: View): { view: View; size: Size } {
  return { view, size: sizeOf(stage) };
}

export const growBox = ({ x, y, width, height }: Box): Box => ({
  x: x - ASIDE,
  y: y - ASIDE,
  width: width + 2 * ASIDE,
  height: height + 2 * ASIDE,
});

/** Around all that is drawn, numbers and boxes about drops included. */
export function wholeFrame({ world, overlay }: Stage, bounds: Box): { view: View; size: Size } {
  const drawn = [world, overlay].map((layer) => layer.node()?.getBBox()).filter((box) => box !== undefined);
  const { x, y, width, height } = drawn.filter((box) => box.width > 0 && box.height > 0).reduce(unite, bounds);
  return {
    view: { ...WHOLE_VIEW, x: MARGIN - x, y: MARGIN - y },
    size: { width: Math.ceil(width) + 2 * MARGIN, height: Math.ceil(height) + 2 * MARGIN },
  };
}

// The elements that the map is drawn in: SVG for what stands still, a canvas for what moves, SVG again for what lies over both.
import { select } from 'd3-selection';
import type { Layer } from './paint-boxes.ts';
import { type Palette, readPalette } from './palette.ts';

/** From the lowest to the uppermost. */
const WORLD_LAYERS = [
  'host',
  'far-wires',
  'boxes',
  'near-wires',
  'bars',
  'path',
  'bar-names',
  'devices',
  'covers',
  'counters',
  'signs',
  'badges',
] as const;

export interface Stage {
  readonly element: HTMLElement;
  readonly world: Layer;
  readonly overlay: Layer;
  readonly canvas: HTMLCanvasElement;
  palette: Palette;
}

export function buildStage(element: HTMLElement): Stage {
  const svg = select(element).append('svg').attr('class', 'map-svg').attr('role', 'group');
  svg.attr('aria-label', 'Network map');
  const world = svg.append('g').attr('class', 'world') as unknown as Layer;
  for (const name of WORLD_LAYERS) world.append('g').attr('class', name);
  const canvas = select(element).append('canvas').attr('class', 'map-canvas').attr('aria-hidden', 'true').node();
  const top = select(element).append('svg').attr('class', 'map-overlay');
  const overlay = top.append('g').attr('class', 'world') as unknown as Layer;
  overlay.append('g').attr('class', 'drops');
  if (canvas === null) throw new Error('no canvas');
  return { element, world, overlay, canvas, palette: readPalette(element) };
}

export const layerOf = (world: Layer, name: string): Layer => world.select<SVGGElement>(`g.${name}`);

export const sizeOf = ({ element }: Stage): { width: number; height: number } => ({
  width: element.clientWidth,
  height: element.clientHeight,
});

/** As many pixels as the screen has where it is. Clears it when that changes. */
export function fitCanvas(stage: Stage): void {
  const { canvas } = stage;
  const { width, height } = sizeOf(stage);
  const [columns, rows] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
}

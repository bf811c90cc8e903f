// The map as SVG: what stands still as the page draws it, the packets that are in flight at this instant, what lies over both.
import type { Depiction } from '../render/depiction.ts';
import { FONT } from '../render/fonts.ts';
import { viewTransform } from '../render/spaces.ts';
import type { TextFitter } from '../render/text-fit.ts';
import { flatten } from './flatten.ts';
import type { Inks } from './inks.ts';
import type { Body } from './sheet.ts';
import { createSvgContext } from './svg-context.ts';
import { tag } from './xml.ts';

/** @param isCropped what is not on the screen now stays out of the file */
export function mapPicture(
  { view, size, world, overlay, paintPackets }: Depiction,
  isCropped: boolean,
  inks: Inks,
  fitter: TextFitter,
): Body {
  const screen = world.ownerSVGElement?.getBoundingClientRect();
  function isShown(element: Element): boolean {
    if (!isCropped || screen === undefined) return true;
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return right >= screen.left && left <= screen.right && bottom >= screen.top && top <= screen.bottom;
  }
  const options = { styleOf: (element: Element) => getComputedStyle(element), isShown, font: FONT.text };
  const context = createSvgContext(fitter);
  paintPackets(context);
  const transform = viewTransform(view);
  const layer = (element: SVGGElement): string =>
    tag('g', { transform }, [...element.children].map((child) => flatten(child, options)).join(''));
  return { markup: layer(world) + context.markup() + layer(overlay), ...size, ground: inks.map };
}

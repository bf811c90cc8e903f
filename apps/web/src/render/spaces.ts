// Three spaces, and the only place where one becomes another.
//
//   graph space     what layout/ speaks: one unit is one CSS pixel at scale 1, origin at the host's corner
//   logical space   CSS pixels in the map's element, origin at its top left
//   physical space  device pixels of the canvas
import type { Box, Point } from '../lib/geometry.ts';

/** logical = graph × scale + offset */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const toLogical = (view: View, graphPoint: Point): Point => ({
  x: graphPoint.x * view.scale + view.x,
  y: graphPoint.y * view.scale + view.y,
});

/** The part of graph space that is to be seen. */
export const visibleBox = (view: View, logicalSize: Size): Box => ({
  x: -view.x / view.scale,
  y: -view.y / view.scale,
  width: logicalSize.width / view.scale,
  height: logicalSize.height / view.scale,
});

export const viewTransform = (view: View): string => `translate(${view.x} ${view.y}) scale(${view.scale})`;

export interface FitMargins {
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly left: number;
}

/** The view that shows all of `graphBox`. What is lower than the element is wide leaves more room below than above. */
export function fitView(graphBox: Box, logicalSize: Size, margins: FitMargins, maxScale: number): View {
  const width = Math.max(1, logicalSize.width - margins.left - margins.right);
  const height = Math.max(1, logicalSize.height - margins.top - margins.bottom);
  const scale = Math.min(width / graphBox.width, height / graphBox.height, maxScale);
  const spareX = width - graphBox.width * scale;
  const spareY = height - graphBox.height * scale;
  return {
    scale,
    x: margins.left + spareX / 2 - graphBox.x * scale,
    y: margins.top + spareY * 0.4 - graphBox.y * scale,
  };
}

export function mixViews(a: View, b: View, part: number): View {
  return {
    scale: a.scale * (b.scale / a.scale) ** part,
    x: a.x + (b.x - a.x) * part,
    y: a.y + (b.y - a.y) * part,
  };
}

/** Whether all of `graphBox` is to be seen. */
export function isInView(view: View, graphBox: Box, logicalSize: Size): boolean {
  const topLeft = toLogical(view, graphBox);
  const bottomRight = toLogical(view, { x: graphBox.x + graphBox.width, y: graphBox.y + graphBox.height });
  return topLeft.x >= 0 && topLeft.y >= 0 && bottomRight.x <= logicalSize.width && bottomRight.y <= logicalSize.height;
}

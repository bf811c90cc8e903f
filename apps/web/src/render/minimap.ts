// The whole map, small, with the part that is on the screen: there when not all of it is. Pressing or dragging moves the map.
import { select } from 'd3-selection';
import type { PlacedNamespace, Placement } from '../layout/placement.ts';
import { type Box, type Point, unite } from '../lib/geometry.ts';

export interface Minimap {
  setPlacement(placement: Placement): void;
  /** @param visible the part of the map on the screen, in graph space */
  setVisible(visible: Box): void;
}

const MARGIN = 30;

/** @param goTo that point of the map to the middle of the screen */
export function createMinimap(parent: HTMLElement, goTo: (graphPoint: Point) => void): Minimap {
  const svg = select(parent).append('svg').attr('class', 'minimap').attr('aria-hidden', 'true');
  const boxes = svg.append('g');
  const frame = svg.append('rect').attr('class', 'minimap-view');
  const element = svg.node() as SVGSVGElement;
  let bounds: Box | null = null;

  function follow(event: PointerEvent): void {
    // Not for the map below.
    event.stopPropagation();
    const matrix = element.getScreenCTM();
    if (event.buttons === 0 || matrix === null) return;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    goTo({ x, y });
  }
  element.addEventListener('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId);
    follow(event);
  });
  element.addEventListener('pointermove', follow);
  for (const type of ['mousedown', 'touchstart', 'dblclick', 'click'] as const) {
    element.addEventListener(type, (event) => event.stopPropagation());
  }

  return {
    setPlacement(placement) {
      const { x, y, width, height } = placement.bounds;
      bounds = placement.bounds;
      svg.attr('viewBox', `${x - MARGIN} ${y - MARGIN} ${width + 2 * MARGIN} ${height + 2 * MARGIN}`);
      boxes
        .selectAll<SVGRectElement, PlacedNamespace>('rect')
        .data([...placement.namespaces], (placed) => placed.node.id)
        .join('rect')
        .attr('class', (placed) => `minimap-${placed.role}`)
        .attr('x', ({ box }) => box.x)
        .attr('y', ({ box }) => box.y)
        .attr('width', ({ box }) => box.width)
        .attr('height', ({ box }) => box.height);
    },
    setVisible(visible) {
      const all = bounds === null ? visible : unite(bounds, visible);
      const isAllSeen = all.width <= visible.width * 1.02 && all.height <= visible.height * 1.02;
      svg.classed('is-hidden', isAllSeen);
      if (isAllSeen) return;
      frame.attr('x', visible.x).attr('y', visible.y).attr('width', visible.width).attr('height', visible.height);
    },
  };
}

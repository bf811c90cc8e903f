// Moving a namespace's box: by its title with a pointer, or with Shift and the arrow keys while it has the focus.
import type { NetnsId } from '@hopscope/protocol';
import { select } from 'd3-selection';
import type { PlacedNamespace } from '../layout/placement.ts';
import type { Point } from '../lib/geometry.ts';
import type { Layer } from './paint-boxes.ts';
import type { View } from './spaces.ts';

export interface PlaceDragOptions {
  readonly element: HTMLElement;
  /** Where the outline is drawn while a box is dragged. */
  readonly layer: Layer;
  view(): View;
  placed(netns: NetnsId): PlacedNamespace | undefined;
  onPlace(placed: PlacedNamespace, corner: Point): void;
}

/** What a box is held by; the camera leaves it alone. */
export const GRIPS = '.ns:not([data-role="host"]) > :is(.ns-title, .ns-subtitle), .cover-title';
const STEP = 40;
const STEPS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
};
/** A press that moves less is a click, in CSS pixels. */
const SLACK = 4;

export function mountPlaceDrag({ element, layer, view, placed, onPlace }: PlaceDragOptions): void {
  const boxOf = (target: EventTarget | null, within: string): PlacedNamespace | undefined => {
    const group = target instanceof Element ? target.closest(within)?.closest<SVGElement>('[data-netns]') : null;
    return placed((group?.dataset.netns ?? '') as NetnsId);
  };

  element.addEventListener('pointerdown', (down) => {
    const box = boxOf(down.target, GRIPS);
    if (box === undefined || down.button !== 0) return;
    const outline = select(layer.node()).append('rect').attr('class', 'ghost').attr('rx', 12);
    outline.attr('width', box.box.width).attr('height', box.box.height);
    let corner: Point | null = null;
    const move = (event: PointerEvent): void => {
      const moved = { x: event.clientX - down.clientX, y: event.clientY - down.clientY };
      if (corner === null && Math.hypot(moved.x, moved.y) < SLACK) return;
      const { scale } = view();
      corner = { x: box.box.x + moved.x / scale, y: box.box.y + moved.y / scale };
      outline.attr('x', corner.x).attr('y', corner.y);
    };
    const end = (event: PointerEvent): void => {
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', end);
      window.removeEventListener('pointercancel', end);
      outline.remove();
      if (event.type === 'pointerup' && corner !== null) onPlace(box, corner);
    };
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', end);
    window.addEventListener('pointercancel', end);
  });

  element.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    const box = boxOf(event.target, '.ns:not([data-role="host"])');
    if (!event.shiftKey || step === undefined || box === undefined) return;
    event.preventDefault();
    onPlace(box, { x: box.box.x + step.x, y: box.box.y + step.y });
  });
}

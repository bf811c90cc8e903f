// Wheel, drag and pinch on the map, as changes of the view. Nothing is captured: a click still belongs to what it is on.
import type { Point } from '../lib/geometry.ts';

export interface Gestures {
  /** Whether a press there moves the map. */
  isHandle(target: Element): boolean;
  /** In logical pixels. */
  onPan(by: Point): void;
  onZoom(factor: number, around: Point): void;
}

/** A press that moves less is a click. */
const SLACK = 3;
/** Per unit of the wheel: pixels, lines, pages. */
const WHEEL_UNITS = [0.002, 0.05, 1] as const;

/** @returns how to stop listening */
export function listenToGestures(element: HTMLElement, { isHandle, onPan, onZoom }: Gestures): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const pointers = new Map<number, Point>();
  let movedBy = 0;

  const toLogical = (event: MouseEvent): Point => {
    const { left, top } = element.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };

  function onWheel(event: WheelEvent): void {
    event.preventDefault();
    // A pinch on a touchpad comes as a wheel with Ctrl.
    const speed = (WHEEL_UNITS[event.deltaMode as 0 | 1 | 2] ?? 1) * (event.ctrlKey ? 10 : 1);
    onZoom(2 ** (-event.deltaY * speed), toLogical(event));
  }

  function onDown(event: PointerEvent): void {
    if (event.button !== 0 || !(event.target instanceof Element) || !isHandle(event.target)) return;
    if (pointers.size === 0) movedBy = 0;
    pointers.set(event.pointerId, toLogical(event));
  }

  function onMove(event: PointerEvent): void {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = toLogical(event);
    const by = { x: now.x - before.x, y: now.y - before.y };
    movedBy += Math.hypot(by.x, by.y);
    if (movedBy <= SLACK) return;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    if (other === undefined) {
      onPan(by);
      return;
    }
    // Two fingers: what is between them stays between them.
    onPan({ x: by.x / 2, y: by.y / 2 });
    const apart = (point: Point): number => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    onZoom(apart(now) / apart(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  }

  function onUp(event: PointerEvent): void {
    if (!pointers.delete(event.pointerId) || movedBy <= SLACK) return;
    // The click that ends a drag is none; where the pointer was let go elsewhere, there is no click to swallow.
    const swallow = (click: Event): void => click.stopPropagation();
    window.addEventListener('click', swallow, { capture: true, once: true });
    setTimeout(() => window.removeEventListener('click', swallow, { capture: true }));
  }

  element.addEventListener('wheel', onWheel, { passive: false, signal });
  element.addEventListener('pointerdown', onDown, { signal });
  window.addEventListener('pointermove', onMove, { signal });
  window.addEventListener('pointerup', onUp, { signal });
  window.addEventListener('pointercancel', onUp, { signal });
  return () => stop.abort();
}

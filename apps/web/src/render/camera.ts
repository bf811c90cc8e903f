// Pan and zoom.
import type { Box, Point } from '../lib/geometry.ts';
import type { FrameLoop } from './frame-loop.ts';
import { listenToGestures } from './gestures.ts';
import { GRIPS } from './place-drag.ts';
import { type FitMargins, fitView, isInView, mixViews, type Size, type View } from './spaces.ts';

export interface Camera {
  readonly view: View;
  /** Shows everything; from now on the view follows what appears, until someone pans or zooms. */
  fit(graphBox: Box, animate: boolean): void;
  /** The picture or the element changed: fits again, soon, if something is out of sight and nobody took the camera. */
  follow(graphBox: Box): void;
  /** Call a few times a second. */
  tick(nowMs: number): void;
  /** To the middle of the screen; from now on nobody but the person moves the camera. */
  centreOn(graphPoint: Point, leastScale: number, animate: boolean): void;
  /** The point of graph space in the middle. */
  readonly middle: Point;
  /** Puts a point of graph space into the middle; from now on nothing is followed. */
  show(scale: number, middle: Point): void;
  zoomBy(factor: number): void;
  panBy(logicalX: number, logicalY: number): void;
  readonly isFollowing: boolean;
  dispose(): void;
}

const SCALES: [number, number] = [0.08, 4];
/** Larger type than this helps nobody. */
const MAX_FIT_SCALE = 1.4;
const MARGINS: FitMargins = { top: 16, right: 12, bottom: 44, left: 12 };
const TWEEN_MS = 320;
const SETTLE_MS = 500;

export function createCamera(
  element: HTMLElement,
  frames: FrameLoop,
  onChange: (view: View) => void,
  prefersReducedMotion: () => boolean,
): Camera {
  let view: View = { scale: 1, x: 0, y: 0 };
  let isFollowing = true;
  let tween: { from: View; to: View; atMs: number } | null = null;

  function apply(next: View): void {
    view = next;
    onChange(view);
  }

  /** The person has the camera. */
  function take(next: View): void {
    isFollowing = false;
    tween = null;
    apply(next);
  }

  function zoomAround(factor: number, { x, y }: Point): void {
    const scale = Math.min(SCALES[1], Math.max(SCALES[0], view.scale * factor));
    const part = scale / view.scale;
    take({ scale, x: x - (x - view.x) * part, y: y - (y - view.y) * part });
  }

  const stopGestures = listenToGestures(element, {
    isHandle: (target) => target.closest(GRIPS) === null,
    onPan: (by) => take({ ...view, x: view.x + by.x, y: view.y + by.y }),
    onZoom: zoomAround,
  });

  function moveTo(to: View, animate: boolean): void {
    if (!animate || prefersReducedMotion()) {
      tween = null;
      apply(to);
      return;
    }
    tween = { from: view, to, atMs: 0 };
    frames.request();
  }

  const removeCallback = frames.onAdvance(({ stepMs }) => {
    if (tween === null) return false;
    tween.atMs += stepMs;
    const part = Math.min(1, tween.atMs / TWEEN_MS);
    const eased = 1 - (1 - part) ** 3;
    const next = mixViews(tween.from, tween.to, eased);
    if (part === 1) tween = null;
    apply(next);
    return tween !== null;
  });

  const size = (): Size => ({ width: element.clientWidth, height: element.clientHeight });
  const fitted = (graphBox: Box): View => fitView(graphBox, size(), MARGINS, MAX_FIT_SCALE);
  let lastSize: Size = { width: 0, height: 0 };
  /** A namespace that is just being set up stands elsewhere for a moment: no reason to move the camera. */
  let wanted: { graphBox: Box; sinceMs: number } | null = null;

  return {
    get view() {
      return view;
    },
    get isFollowing() {
      return isFollowing;
    },
    fit(graphBox, animate) {
      isFollowing = true;
      lastSize = size();
      moveTo(fitted(graphBox), animate);
    },
    follow(graphBox) {
      if (!isFollowing) return;
      const isResized = lastSize.width !== element.clientWidth || lastSize.height !== element.clientHeight;
      // What fits already stays where it is: one more container moves nothing on the screen either.
      if (!isResized && isInView(tween?.to ?? view, graphBox, size())) return;
      if (isResized) {
        lastSize = size();
        wanted = null;
        moveTo(fitted(graphBox), false);
      } else wanted = { graphBox, sinceMs: wanted?.sinceMs ?? performance.now() };
    },
    tick(nowMs) {
      if (wanted === null || nowMs - wanted.sinceMs < SETTLE_MS) return;
      const { graphBox } = wanted;
      wanted = null;
      if (isFollowing && !isInView(view, graphBox, size())) moveTo(fitted(graphBox), true);
    },
    centreOn(point, leastScale, animate) {
      isFollowing = false;
      wanted = null;
      const scale = Math.max(view.scale, leastScale);
      const { width, height } = size();
      moveTo({ scale, x: width / 2 - point.x * scale, y: height / 2 - point.y * scale }, animate);
    },
    get middle() {
      const { width, height } = size();
      return { x: (width / 2 - view.x) / view.scale, y: (height / 2 - view.y) / view.scale };
    },
    show(scale, { x, y }) {
      const { width, height } = size();
      isFollowing = false;
      tween = null;
      wanted = null;
      const [least, most] = SCALES;
      const within = Math.min(most, Math.max(least, scale));
      apply({ scale: within, x: width / 2 - x * within, y: height / 2 - y * within });
    },
    zoomBy(factor) {
      const { width, height } = size();
      zoomAround(factor, { x: width / 2, y: height / 2 });
    },
    panBy(logicalX, logicalY) {
      take({ ...view, x: view.x + logicalX, y: view.y + logicalY });
    },
    dispose() {
      removeCallback();
      stopGestures();
    },
  };
}

// Pointer and wheel on the timeline: pull over the bars to select, at the times or the mark to move the moment, click to go there, turn the
// wheel to zoom, click twice to see everything again.
import { type RefObject, useEffect } from 'react';
import { endOf, zoomSpan } from '../lib/time-span.ts';
import { RULER_HEIGHT, timelineWidth } from '../render/timeline.ts';
import type { TimeRange } from '../store/shown.ts';
import { wholeMs } from './keys.ts';
import { type Page, usePage } from './page.ts';

/** What is not in the state: it changes with every move. */
export interface Pointing {
  hoverMs: number | null;
  /** Being selected. */
  draft: TimeRange | null;
}

/** Less is a click. */
const DRAG_PX = 4;
const HANDLE_PX = 8;
const WHEEL_ZOOM = 0.0016;

export function useTimelinePointer(
  element: RefObject<HTMLElement | null>,
  pointing: RefObject<Pointing>,
  repaint: () => void,
): void {
  const page = usePage();
  useEffect(() => {
    if (element.current === null) return undefined;
    return listen(element.current, page, pointing.current, repaint);
  }, [element, pointing, page, repaint]);
}

function listen(target: HTMLElement, page: Page, pointing: Pointing, repaint: () => void): () => void {
  const { store, time, actions } = page;
  let pull: { readonly kind: 'select' | 'move'; readonly x: number; readonly fromMs: number } | null = null;
  let wasPulled = false;
  /** Before the first click of two. */
  let before: number | null = null;

  const nowMs = (): number => time.held?.toMs ?? Date.now();
  const place = (event: MouseEvent): { x: number; y: number; ms: number } => {
    const box = target.getBoundingClientRect();
    const { span } = store.getState();
    const x = event.clientX - box.left;
    const end = endOf(span, nowMs());
    return { x, y: event.clientY - box.top, ms: end - span.lengthMs * (1 - x / timelineWidth(box.width)) };
  };
  const xOf = (ms: number): number => {
    const { span } = store.getState();
    return timelineWidth(target.clientWidth) * (1 - (endOf(span, nowMs()) - ms) / span.lengthMs);
  };

  const listeners = new AbortController();
  const on = <Type extends keyof HTMLElementEventMap>(type: Type, run: (event: HTMLElementEventMap[Type]) => void) =>
    target.addEventListener(type, run, { signal: listeners.signal, passive: false });

  on('pointerdown', (event) => {
    if (event.button !== 0 || time.held === null) return;
    const { x, y, ms } = place(event);
    const isHandle = time.atMs !== null && Math.abs(xOf(time.atMs) - x) <= HANDLE_PX;
    const kind = isHandle || y >= target.clientHeight - RULER_HEIGHT ? 'move' : 'select';
    target.setPointerCapture(event.pointerId);
    // It stands still under the pointer.
    const { span } = store.getState();
    if (span.endMs === null) actions.setSpan({ ...span, endMs: nowMs() });
    pull = { kind, x, fromMs: ms };
    wasPulled = false;
  });
  on('pointermove', (event) => {
    const { x, ms } = place(event);
    pointing.hoverMs = ms;
    if (pull !== null) {
      wasPulled ||= Math.abs(x - pull.x) >= DRAG_PX;
      if (wasPulled && pull.kind === 'move') time.seek(ms);
      if (wasPulled && pull.kind === 'select') {
        const limit = nowMs();
        pointing.draft = { fromMs: Math.min(pull.fromMs, ms), toMs: Math.min(limit, Math.max(pull.fromMs, ms)) };
      }
    }
    repaint();
  });
  const release = (): void => {
    if (pointing.draft !== null && pointing.draft.fromMs < pointing.draft.toMs) time.select(pointing.draft);
    pointing.draft = null;
    pull = null;
    repaint();
  };
  on('pointerup', release);
  on('pointercancel', () => {
    pointing.draft = null;
    release();
  });
  on('pointerleave', () => {
    pointing.hoverMs = null;
    repaint();
  });
  on('click', (event) => {
    if (wasPulled) return;
    const { ms } = place(event);
    if (event.detail === 1) before = time.atMs;
    if (ms < nowMs()) time.seek(ms);
  });
  on('dblclick', () => {
    if (wasPulled) return;
    if (before === null) time.goLive();
    else {
      time.select(null);
      time.seek(before);
    }
    time.showAll();
  });
  on('wheel', (event) => {
    event.preventDefault();
    const { span } = store.getState();
    const now = nowMs();
    const { x, ms } = place(event);
    // At the right edge of what follows now one means now.
    const isNow = span.endMs === null && x >= timelineWidth(target.clientWidth) - HANDLE_PX;
    const factor = Math.exp(-event.deltaY * WHEEL_ZOOM);
    actions.setSpan(zoomSpan(span, now, isNow ? now : Math.min(now, ms), factor, wholeMs(page)));
  });
  return () => listeners.abort();
}

// Which rows of a long list are in the page. Rows are all of one height, so arithmetic is enough.
import { type RefObject, useCallback, useLayoutEffect, useState } from 'react';

/** Rows above and below those in sight, so that scrolling does not run into emptiness. */
const SPARE = 6;

interface Span {
  readonly first: number;
  /** Past the last. */
  readonly end: number;
}

export interface Rows {
  /** Index and distance from the top, in order. */
  readonly shown: readonly { readonly index: number; readonly topPx: number }[];
  readonly totalPx: number;
  /** By as little as it takes. */
  scrollTo(index: number): void;
}

/** @param alwaysShown stays in the page wherever the list is scrolled to: the focus is on it */
export function useRows(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowPx: number,
  alwaysShown: number,
): Rows {
  const [span, setSpan] = useState<Span>({ first: 0, end: 0 });

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = (): void => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowPx) - SPARE);
      const end = Math.ceil((element.scrollTop + element.clientHeight) / rowPx) + SPARE;
      setSpan((before) => (before.first === first && before.end === end ? before : { first, end }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [scroller, rowPx]);

  const scrollTo = useCallback(
    (index: number): void => {
      const element = scroller.current;
      if (element === null) return;
      const topPx = index * rowPx;
      if (topPx < element.scrollTop) element.scrollTop = topPx;
      else if (topPx + rowPx > element.scrollTop + element.clientHeight) {
        element.scrollTop = topPx + rowPx - element.clientHeight;
      }
    },
    [scroller, rowPx],
  );

  const indexes: number[] = [];
  for (let index = span.first; index < Math.min(count, span.end); index++) indexes.push(index);
  if (alwaysShown < count && alwaysShown < span.first) indexes.unshift(alwaysShown);
  if (alwaysShown < count && alwaysShown >= span.end) indexes.push(alwaysShown);
  return { shown: indexes.map((index) => ({ index, topPx: index * rowPx })), totalPx: count * rowPx, scrollTo };
}

import { useEffect, useRef } from 'react';
import { formatClock, plural } from '../lib/format.ts';
import { FONT } from '../render/fonts.ts';
import { paintTimeline } from '../render/timeline.ts';
import { useCountCommits } from './commits.ts';
import { usePage, usePageState } from './page.ts';
import { useColours } from './theme.ts';

/** Exchanges per second; the right edge is now. */
export function TimelineView() {
  useCountCommits();
  const { store } = usePage();
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = useColours();
  const rates = usePageState((state) => state.rates);
  const last = rates[rates.length - 1];

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new theme means new colours, read from the style sheet
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const style = getComputedStyle(element);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const colours = {
      bar: colour('--bar'),
      drop: colour('--drop'),
      text: colour('--muted'),
      line: colour('--line'),
      now: colour('--good'),
      gap: colour('--gap'),
    };
    let nowSecond = 0;
    const paint = (): void => {
      const { isPaused, rates: current, gaps } = store.getState();
      if (!isPaused || nowSecond === 0) nowSecond = Math.floor(Date.now() / 1000);
      paintTimeline(element, current, gaps, nowSecond, colours, (second) => formatClock(second * 1000, 0), FONT.text);
    };
    paint();
    const unsubscribe = store.subscribe((state, before) => {
      if (state.rates !== before.rates || state.gaps !== before.gaps) paint();
    });
    const timer = setInterval(paint, 1000);
    const observer = new ResizeObserver(paint);
    observer.observe(element);
    return () => {
      unsubscribe();
      clearInterval(timer);
      observer.disconnect();
    };
  }, [store, look]);

  const summary =
    last === undefined
      ? 'no exchange yet'
      : `${plural(last.exchanges, 'exchange')} in the last second that had any, ${plural(last.dropped, 'drop')}`;
  return (
    <section className="timeline" aria-label="Timeline">
      <span className="timeline-title">exchanges / s</span>
      <canvas ref={canvas} role="img" aria-label={`Exchanges per second: ${summary}`} />
    </section>
  );
}

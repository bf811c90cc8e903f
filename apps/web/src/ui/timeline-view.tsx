import { Maximize, Minus, Plus, X } from 'lucide-react';
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { formatAge, formatClock, formatDuration } from '../lib/format.ts';
import { endOf, niceStep } from '../lib/time-span.ts';
import { FONT } from '../render/fonts.ts';
import { paintTimeline, timelineWidth } from '../render/timeline.ts';
import { useCountCommits } from './commits.ts';
import { moveMoment, zoomTime } from './keys.ts';
import { type Page, usePage, usePageState } from './page.ts';
import { PlayerBar } from './recording/player-bar.tsx';
import { SaveButton } from './recording/save-button.tsx';
import { useColours } from './theme.ts';
import { type Pointing, useTimelinePointer } from './timeline-pointer.ts';

const BAR_PX = 6;
const TICK_PX = 92;
/** Now moves on though nothing came. */
const REPAINT_MS = 500;

/** Exchanges over time. A slider: its value is the moment that is shown. */
export function TimelineView() {
  useCountCommits();
  const isEmpty = usePageState((state) => state.list.ids.length === 0 && state.moment === null && state.range === null);
  const isRecording = usePageState((state) => state.recording !== null);
  return (
    <section className="timeline" aria-label="Timeline">
      <div className="timeline-head">
        {isRecording ? (
          <PlayerBar />
        ) : (
          <>
            <span className="timeline-title">exchanges over time</span>
            <Held />
          </>
        )}
        <SaveButton />
        <span className="spacer" />
        {isEmpty || isRecording ? null : (
          <span className="timeline-hint">pull to select · wheel to zoom · click to look back</span>
        )}
        <RangeChip />
        <TimelineTools />
      </div>
      <Chart />
    </section>
  );
}

/** How far back the page can go. */
function Held() {
  const { time } = usePage();
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setInterval(() => {
      const { held } = time;
      setText(held === null ? '' : `held: the last ${formatAge(held.toMs - held.fromMs)}`);
    }, 1000);
    return () => clearInterval(timer);
  }, [time]);
  return <span className="timeline-held">{text}</span>;
}

function RangeChip() {
  const { time } = usePage();
  const range = usePageState((state) => state.range);
  if (range === null) return null;
  return (
    <span className="timeline-range">
      {formatClock(range.fromMs)} – {formatClock(range.toMs)}
      <span className="timeline-length"> · {formatDuration((range.toMs - range.fromMs) * 1e6)}</span>
      <button
        type="button"
        className="icon-button icon-small"
        onClick={() => time.select(null)}
        title="Show exchanges of all times again"
        aria-label="End the time selection"
      >
        <X size={14} />
      </button>
    </span>
  );
}

function TimelineTools() {
  const page = usePage();
  const { lengthMs, endMs } = usePageState((state) => state.span);
  const isRecording = usePageState((state) => state.recording !== null);
  const whole = isRecording ? 'The whole recording' : 'The last two minutes';
  return (
    <span className="timeline-tools" role="toolbar" aria-label="Zoom of the timeline">
      <output aria-label="Time shown">
        {formatAge(lengthMs)} until {endMs === null ? (isRecording ? 'its end' : 'now') : formatClock(endMs, 0)}
      </output>
      <button type="button" onClick={() => zoomTime(page, 1)} title="Less time (w)" aria-label="Less time">
        <Plus size={14} />
      </button>
      <button type="button" onClick={() => zoomTime(page, -1)} title="More time (s)" aria-label="More time">
        <Minus size={14} />
      </button>
      <button type="button" onClick={() => page.time.showAll()} title={`${whole} (double click)`} aria-label={whole}>
        <Maximize size={13} />
      </button>
    </span>
  );
}

function Chart() {
  const page = usePage();
  const { store, frames } = page;
  const canvas = useRef<HTMLCanvasElement>(null);
  const pointing = useRef<Pointing>({ hoverMs: null, draft: null });
  const isStale = useRef(true);
  const look = useColours();
  const moment = usePageState((state) => state.moment);
  const repaint = useCallback(() => {
    isStale.current = true;
    frames.request();
  }, [frames]);
  useTimelinePointer(canvas, pointing, repaint);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new theme means new colours, read from the style sheet
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const colours = readColours(element);
    isStale.current = true;
    const stopDrawing = frames.onDraw(() => {
      const { moment: shown, isPaused } = store.getState();
      if (isStale.current || (shown !== null && !isPaused)) paint(element, page, pointing.current, colours);
      isStale.current = false;
      return false;
    });
    const unsubscribe = store.subscribe((state, before) => {
      const isSame =
        state.list === before.list &&
        state.gaps === before.gaps &&
        state.span === before.span &&
        state.range === before.range &&
        state.moment === before.moment;
      if (!isSame) repaint();
    });
    const timer = setInterval(repaint, REPAINT_MS);
    const observer = new ResizeObserver(repaint);
    observer.observe(element);
    return () => {
      stopDrawing();
      unsubscribe();
      clearInterval(timer);
      observer.disconnect();
    };
  }, [page, repaint, look]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!moveMoment(page, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const { held } = page.time;
  const isRecording = usePageState((state) => state.recording !== null);
  const [least, most] = held === null ? [0, 0] : [held.fromMs - held.toMs, 0];
  const agoMs = moment === null || held === null ? 0 : held.toMs - moment.atMs;
  return (
    <canvas
      ref={canvas}
      role="slider"
      tabIndex={0}
      aria-label="Moment shown"
      aria-valuemin={Math.round(least / 1000)}
      aria-valuemax={most}
      aria-valuenow={-Math.round(agoMs / 1000)}
      aria-valuetext={
        moment === null
          ? 'now, live'
          : `${formatClock(moment.atMs)}, ${formatAge(agoMs)} ${isRecording ? 'before the end' : 'ago'}`
      }
      onKeyDown={onKeyDown}
    />
  );
}

function readColours(element: HTMLElement) {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    bar: colour('--bar'),
    drop: colour('--drop'),
    error: colour('--error'),
    text: colour('--muted'),
    line: colour('--line'),
    now: colour('--good'),
    past: colour('--wait'),
    gap: colour('--gap'),
    selected: colour('--selected'),
    edge: colour('--request'),
    card: colour('--card'),
  };
}

function paint(
  canvas: HTMLCanvasElement,
  { store, time }: Page,
  { hoverMs, draft }: Pointing,
  colours: ReturnType<typeof readColours>,
): void {
  const { span, gaps, range, moment, recording } = store.getState();
  const { held } = time;
  const nowMs = held?.toMs ?? Date.now();
  const toMs = endOf(span, nowMs);
  const fromMs = toMs - span.lengthMs;
  const pxPerMs = timelineWidth(canvas.clientWidth) / span.lengthMs;
  const binMs = niceStep(BAR_PX / pxPerMs);
  const tickMs = niceStep(TICK_PX / pxPerMs);
  const picture = {
    span: { fromMs, toMs },
    nowMs,
    bins: time.rates.read(fromMs, toMs, binMs),
    binMs,
    gaps: gaps.map((gap) => ({
      fromMs: gap.fromSecond * 1000,
      toMs: gap.toSecond === null ? nowMs : gap.toSecond * 1000,
    })),
    heldFromMs: held?.fromMs ?? null,
    atMs: moment === null ? null : (time.atMs ?? moment.atMs),
    range: draft ?? range,
    hoverMs,
    tickMs,
    endWord: recording === null ? 'now' : 'end',
    formatTick: (ms: number) => formatClock(ms, tickMs < 1000 ? 1 : 0),
  };
  paintTimeline(canvas, picture, colours, FONT.text);
}

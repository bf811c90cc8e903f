// The part of time that the timeline shows: lengths and edges in ms of wall-clock time.

export interface Span {
  readonly lengthMs: number;
  /** The right edge; null: now, whenever that is. */
  readonly endMs: number | null;
}

const SHORTEST_MS = 5000;
const LONGEST_MS = 600_000;

export const endOf = ({ endMs }: Span, nowMs: number): number => endMs ?? nowMs;

/** The edge holds on to now when it gets there. */
function endingAt(lengthMs: number, endMs: number, nowMs: number): Span {
  return { lengthMs, endMs: endMs >= nowMs ? null : endMs };
}

/**
 * @param factor above 1 shows less of time; the moment `aroundMs` keeps its place
 * @param wholeMs the length of all there is, where that is known: it can always be shown
 */
export function zoomSpan(span: Span, nowMs: number, aroundMs: number, factor: number, wholeMs = 2 * SHORTEST_MS): Span {
  const [least, most] = [Math.min(SHORTEST_MS, wholeMs / 2), Math.max(LONGEST_MS, wholeMs)];
  const lengthMs = Math.max(least, Math.min(most, span.lengthMs / factor));
  const after = endOf(span, nowMs) - aroundMs;
  return endingAt(lengthMs, aroundMs + (after * lengthMs) / span.lengthMs, nowMs);
}

/** @param byMs below 0: earlier. @param oldestMs what there is to see */
export function moveSpan(span: Span, nowMs: number, byMs: number, oldestMs: number): Span {
  const earliest = Math.min(nowMs, oldestMs + span.lengthMs / 10);
  return endingAt(span.lengthMs, Math.max(earliest, endOf(span, nowMs) + byMs), nowMs);
}

/** Moves it no farther than is needed to show that moment. */
export function spanShowing(span: Span, nowMs: number, atMs: number): Span {
  const end = endOf(span, nowMs);
  if (atMs > end) return endingAt(span.lengthMs, atMs, nowMs);
  return atMs < end - span.lengthMs ? endingAt(span.lengthMs, atMs + span.lengthMs, nowMs) : span;
}

/** Lengths of time that people count in. */
const STEPS_MS = [
  ...[100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000],
  ...[1, 2, 5, 10, 30, 60, 120, 360, 720, 1440].map((minutes) => minutes * 60_000),
];

/** The shortest of them that is at least so long. */
export const niceStep = (leastMs: number): number => STEPS_MS.find((step) => step >= leastMs) ?? 86_400_000;

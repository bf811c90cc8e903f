// Path statistics as they are read: one unit for a whole path, and where its packets begin to be lost.
import type { HopReport, PathReport, TimeStatistics } from '@hopscope/model';

/** Which time the columns show: until the packet was here, or from here until the reply was back. */
export type TimeChoice = 'sinceStart' | 'roundTrip';

export interface PathUnit {
  readonly name: 'µs' | 'ms';
  readonly ns: number;
}

const MICROS: PathUnit = { name: 'µs', ns: 1e3 };
const MILLIS: PathUnit = { name: 'ms', ns: 1e6 };
/** From here on microseconds have more digits than a column has room for. */
const MILLIS_FROM_NS = 10e6;

export function unitOf({ hops }: PathReport, time: TimeChoice): PathUnit {
  return Math.max(0, ...hops.map((hop) => hop[time]?.worstNs ?? 0)) >= MILLIS_FROM_NS ? MILLIS : MICROS;
}

export interface TimeColumn {
  readonly title: string;
  /** What it is, for who does not know mtr. */
  readonly full: string;
  readonly value: (times: TimeStatistics) => number;
}

/** mtr's, in its order, and its jitter. */
export const TIME_COLUMNS: readonly TimeColumn[] = [
  { title: 'Last', full: 'the latest', value: ({ lastNs }) => lastNs },
  { title: 'Avg', full: 'mean', value: ({ meanNs }) => meanNs },
  { title: 'Best', full: 'the shortest', value: ({ bestNs }) => bestNs },
  { title: 'Wrst', full: 'the longest', value: ({ worstNs }) => worstNs },
  { title: 'StDev', full: 'standard deviation', value: ({ stdevNs }) => stdevNs },
  { title: 'Jttr', full: 'jitter: mean difference from one to the next', value: ({ jitterNs }) => jitterNs },
];

/** Three digits or four, so that columns of them can be compared. */
export function formatTime(ns: number, unit: PathUnit): string {
  const value = ns / unit.ns;
  if (unit.name === 'µs') return value.toFixed(1);
  return value.toFixed(value < 99.995 ? 2 : value < 999.95 ? 1 : 0);
}

/** `0`, `0.4`, `12.5`, `100`: percent with a decimal where there is something behind it. */
export function formatLoss(loss: number): string {
  const percent = loss * 100;
  return Number.isInteger(percent) ? String(percent) : percent < 0.1 ? '<0.1' : percent.toFixed(1);
}

/** More is lost here than at any hop before: packets die between that one and this. */
export function losesMore(hops: readonly HopReport[], i: number): boolean {
  const before = Math.max(0, ...hops.slice(0, i).map(({ loss }) => loss));
  return (hops[i]?.loss ?? 0) > before;
}

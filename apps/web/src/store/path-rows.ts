// Path statistics as they are read: one unit for a whole path, and where its packets begin to be lost.
import type { HopReport, PathReport, TimeStatistics } from '@hopscope/model';
import { formatCount } from '../lib/format.ts';

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

export interface HopRow {
  /** A device may be crossed more than once. */
  readonly key: string;
  readonly hop: HopReport;
  /** The first hop of the reply. */
  readonly isTurn: boolean;
  /** Packets are lost here, in words; empty when they are not. */
  readonly lossText: string;
}

/** The hops that have something to say about the time chosen, with where packets are lost. */
export function hopRows({ hops, drops }: PathReport, time: TimeChoice): HopRow[] {
  const rows = hops.map((hop, i): HopRow => {
    const isLast = !hops.slice(i + 1).some((each) => each.device === hop.device && each.direction === hop.direction);
    const here = drops.filter((drop) => isLast && drop.device === hop.device && drop.direction === hop.direction);
    const dropped = here.reduce((sum, drop) => sum + drop.count, 0);
    const lossBefore = Math.max(0, ...hops.slice(0, i).map(({ loss }) => loss));
    const lost = [
      ...(hop.loss > lossBefore ? [`${formatCount(hop.sent - hop.seen)} lost before here`] : []),
      ...(dropped > 0 ? [`${formatCount(dropped)} dropped here`] : []),
    ];
    const isTurn = hop.direction === 'reply' && hops[i - 1]?.direction === 'request';
    return { key: `${i} ${hop.device}`, hop, isTurn, lossText: lost.join(', ') };
  });
  // A reply waits for nothing to come back.
  return time === 'roundTrip' ? rows.filter(({ hop }) => hop.direction === 'request') : rows;
}

/** By which column the hops of a path stand; null: in the order in which packets cross them. */
export interface HopSort {
  /** A column's title, `Loss` or `Snt`. */
  readonly column: string;
  readonly isDescending: boolean;
}

/** What another press of the column's button makes of it: the largest first, the smallest first, the path's own order. */
export function nextSort(sort: HopSort | null, column: string): HopSort | null {
  if (sort?.column !== column) return { column, isDescending: true };
  return sort.isDescending ? { column, isDescending: false } : null;
}

/** A hop without a time stands last, whichever way. */
export function sortRows(rows: readonly HopRow[], sort: HopSort | null, time: TimeChoice): readonly HopRow[] {
  if (sort === null) return rows;
  const value = ({ hop }: HopRow): number | null => {
    if (sort.column === 'Loss') return hop.loss;
    if (sort.column === 'Snt') return hop.sent;
    const times = hop[time];
    return times === null ? null : (TIME_COLUMNS.find(({ title }) => title === sort.column)?.value(times) ?? null);
  };
  const sign = sort.isDescending ? -1 : 1;
  return rows
    .map((row) => ({ row: { ...row, isTurn: false }, value: value(row) }))
    .sort((a, b) => (a.value === null ? 1 : b.value === null ? -1 : sign * (a.value - b.value)))
    .map(({ row }) => row);
}

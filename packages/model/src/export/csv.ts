// Path statistics as CSV (RFC 4180): a line for each device of each path.
import type { NetnsId } from '@hopscope/protocol';
import type { HopReport, PathReport } from '../path-statistics/path-report.ts';
import { plainText } from './plain-text.ts';

export interface CsvOptions {
  readonly titleOf: (netns: NetnsId) => string;
}

const COLUMNS = [
  'path',
  'protocol',
  'source',
  'destination',
  'direction',
  'hop',
  'namespace',
  'netns',
  'interface',
  'way',
  'loss_percent',
  'sent',
  'last_us',
  'avg_us',
  'best_us',
  'worst_us',
  'stdev_us',
  'jitter_us',
  'p50_us',
  'p95_us',
  'p99_us',
  'round_trip_avg_us',
] as const;

/** Lines end in CR LF, times are in µs. */
export function pathsToCsv(paths: readonly PathReport[], { titleOf }: CsvOptions): string {
  const lines = paths.flatMap((path) => path.hops.map((hop, i) => rowOf(path, hop, i, titleOf)));
  return plainText([COLUMNS, ...lines].map((cells) => `${cells.map(cell).join(',')}\r\n`).join(''));
}

function rowOf(path: PathReport, hop: HopReport, i: number, titleOf: CsvOptions['titleOf']): (string | number)[] {
  const times = hop.sinceStart;
  const us = (ns: number | undefined) => (ns === undefined ? '' : (ns / 1000).toFixed(3));
  return [
    path.id,
    path.protocol,
    path.src,
    path.dst,
    hop.direction,
    i + 1,
    titleOf(hop.netns),
    hop.netnsInum,
    hop.ifname,
    hop.way,
    (hop.loss * 100).toFixed(2),
    hop.sent,
    us(times?.lastNs),
    us(times?.meanNs),
    us(times?.bestNs),
    us(times?.worstNs),
    us(times?.stdevNs),
    us(times?.jitterNs),
    us(times?.p50Ns),
    us(times?.p95Ns),
    us(times?.p99Ns),
    us(hop.roundTrip?.meanNs),
  ];
}

/** A name that begins with one of these, or its wide form, is a formula to a spreadsheet; a leading apostrophe keeps it a text. */
const FORMULA = /^[=+\-@＝＋－＠\t\r\n]/;

function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

// The paths as mtr prints them: a table for each, one row for each device crossing.
import type { HopReport, PathDrop, PathReport } from '@hopscope/model';
import type { Colors } from 'picocolors/types';
import { printable } from '../lib/printable.ts';
import type { Glyphs } from './glyphs.ts';
import type { Surroundings } from './surroundings.ts';
import { micros, placeOf } from './words.ts';

export interface ReportContext {
  readonly surroundings: Surroundings;
  readonly glyphs: Glyphs;
  readonly colors: Colors;
}

const COLUMNS = [
  'direction',
  'namespace',
  'device',
  'way',
  'Loss%',
  'Snt',
  'Last',
  'Avg',
  'Best',
  'Wrst',
  'StDev',
  'Jttr',
  'RTT',
];
/** These are words, the rest are numbers. */
const WORDS = 4;

/** @param forgotten paths that had to go */
export function reportLines(paths: readonly PathReport[], forgotten: number, context: ReportContext): string[] {
  const { colors, glyphs } = context;
  if (paths.length === 0) return ['no exchange was seen'];
  const lines = paths.flatMap((path, i) => [...(i === 0 ? [] : ['']), ...pathLines(path, context)]);
  return [
    ...lines,
    '',
    colors.dim(
      `Times in ${glyphs.micros} since the first device; RTT: mean time from there until the reply was back there.`,
    ),
    ...(forgotten === 0 ? [] : [`${forgotten} other paths were forgotten, the least used first`]),
  ];
}

function pathLines(path: PathReport, context: ReportContext): string[] {
  const { colors } = context;
  const rows = path.hops.map((hop) => cellsOf(hop, context));
  // Where no reply is awaited the last column stays empty.
  const columns = rows.some((row) => row[COLUMNS.length - 1] !== '') ? COLUMNS : COLUMNS.slice(0, -1);
  const widths = columns.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] as string).length)));
  const line = (cells: readonly string[]) =>
    cells
      .slice(0, columns.length)
      .map((cell, i) => (i < WORDS ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join('  ')
      .trimEnd();
  const table = rows.length === 0 ? [] : [colors.dim(`  ${line(columns)}`)];
  for (const [i, row] of rows.entries()) {
    const { loss, direction } = path.hops[i] as HopReport;
    const paint = loss > 0 ? colors.red : direction === 'request' ? colors.cyan : colors.green;
    table.push(`  ${paint(line(row))}`);
  }
  return [title(path, context), ...table, ...path.drops.map((drop) => dropLine(drop, context))];
}

/** `ping 172.17.0.2 → 198.51.100.9 (web → outside): 10 sent, 9 replied, 1 dropped` */
function title(path: PathReport, { surroundings, glyphs, colors }: ReportContext): string {
  const { kind, src, dst, sent, verdicts, unclear, hops } = path;
  const there = hops.filter(({ direction }) => direction === 'request');
  const from = surroundings.netnsName(there[0]?.netns ?? null);
  const last = surroundings.netnsName(there[there.length - 1]?.netns ?? null);
  const got = verdicts.replied + verdicts.delivered > 0;
  const names = [from, got ? last : ''].filter((name) => name !== '').map(printable);
  const ended = Object.entries({ ...verdicts, unclear })
    .filter(([, count]) => count > 0)
    .map(([verdict, count]) => `, ${count} ${verdict.replace('-', ' ')}`);
  const route = names.length === 0 ? '' : ` (${names.join(` ${glyphs.arrow} `)})`;
  const subject = `${kind === 'echo' ? 'ping' : kind} ${src} ${glyphs.arrow} ${dst}${route}`;
  return `${colors.bold(subject)}: ${sent} sent${ended.join('')}`;
}

function cellsOf(hop: HopReport, { surroundings }: ReportContext): string[] {
  const { direction, netns, netnsInum, ifname, way, sent, loss, sinceStart, roundTrip } = hop;
  const name = printable(surroundings.netnsName(netns));
  const { lastNs, meanNs, bestNs, worstNs, stdevNs, jitterNs } = sinceStart ?? NOTHING;
  return [
    direction,
    name === '' ? String(netnsInum) : name,
    printable(ifname),
    way,
    `${(loss * 100).toFixed(1)}%`,
    String(sent),
    ...[lastNs, meanNs, bestNs, worstNs, stdevNs, jitterNs].map(micros),
    roundTrip === null ? '' : micros(roundTrip.meanNs),
  ];
}

const NOTHING = { lastNs: 0, meanNs: 0, bestNs: 0, worstNs: 0, stdevNs: 0, jitterNs: 0 };

function dropLine(drop: PathDrop, { surroundings, glyphs, colors }: ReportContext): string {
  const where = drop.location === '' ? '' : ` at ${printable(drop.location)}`;
  const place = placeOf(drop, surroundings);
  return colors.red(
    `  ${glyphs.bad} ${drop.count} ${drop.direction} dropped ${place}: ${printable(drop.reason)}${where}`,
  );
}

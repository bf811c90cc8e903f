// A whole recording as a summary for a ticket: first what failed, each different failure once, then paths and the ledger.
import type { Evidence, Hello, Ledger, NetnsId } from '@hopscope/protocol';
import type { Exchange } from '../exchange.ts';
import type { PathReport } from '../path-statistics/path-report.ts';
import { code, escapeMarkdown, exchangeSection, ledgerLine, markedSentence, table, us, wallTime } from './markdown.ts';
import { plainText } from './plain-text.ts';

export interface IncidentOptions {
  readonly hello: Hello;
  /** ns since the epoch of packet time 0. */
  readonly epochNs: bigint;
  /** How the capture was filtered; empty = not. */
  readonly filter: string;
  /** What its author wrote. */
  readonly notes: string;
  /** Which exchanges are told of; empty = all. */
  readonly displayFilter: string;
}

/** As they are when the exchange is added. */
export interface IncidentSurroundings {
  readonly titleOf: (netns: NetnsId) => string;
  /** What is known about how it ended; an empty sentence when there is nothing to say. */
  readonly explain: (exchange: Exchange) => { readonly evidence: Evidence; readonly sentence: string };
}

export interface IncidentEnd {
  readonly titleOf: (netns: NetnsId) => string;
  readonly paths: readonly PathReport[];
  /** Paths that had to go. */
  readonly forgotten: number;
  readonly ledger: Ledger | null;
  /** Why not all of the recording could be read; null when it could. */
  readonly damage: string | null;
}

export interface IncidentSummary {
  add(exchange: Exchange, surroundings: IncidentSurroundings): void;
  text(end: IncidentEnd): string;
}

interface Failing {
  readonly row: readonly string[];
  readonly section: string;
  count: number;
}

const FAILED: readonly Exchange['verdict'][] = ['dropped', 'error', 'lost-sight'];
/** Different failures told in full; more of them are only counted. */
const FAILURES_MAX = 20;
const PATHS_MAX = 50;

export function createIncidentSummary(options: IncidentOptions): IncidentSummary {
  const { epochNs } = options;
  const verdicts = new Map<string, number>();
  const failures = new Map<string, Failing>();
  let otherFailures = 0;
  let incomplete = 0;
  let slowest: { readonly rttNs: number; readonly section: string } | null = null;
  let firstNs = Number.POSITIVE_INFINITY;
  let lastNs = 0;

  function section(exchange: Exchange, { titleOf, explain }: IncidentSurroundings): string {
    return exchangeSection(exchange, { titleOf, epochNs, ...explain(exchange) }, 3);
  }

  function noteFailure(exchange: Exchange, surroundings: IncidentSurroundings): void {
    const { drop, kind, src, dst, verdict } = exchange;
    const key = [kind, src, dst, verdict, drop?.reason, drop?.location, drop?.device].join(' ');
    const known = failures.get(key);
    if (known !== undefined) known.count++;
    else if (failures.size === FAILURES_MAX) otherFailures++;
    else {
      failures.set(key, {
        row: failureRow(exchange, epochNs, surroundings),
        section: section(exchange, surroundings),
        count: 1,
      });
    }
  }

  return {
    add(exchange, surroundings) {
      const { verdict, rttNs, startNs } = exchange;
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      firstNs = Math.min(firstNs, startNs);
      lastNs = Math.max(lastNs, startNs);
      if (exchange.incomplete) incomplete++;
      if (FAILED.includes(verdict)) noteFailure(exchange, surroundings);
      else if (failures.size === 0 && rttNs !== null && rttNs > (slowest?.rttNs ?? 0)) {
        slowest = { rttNs, section: section(exchange, surroundings) };
      }
    },
    text({ titleOf, paths, forgotten, ledger, damage }) {
      const parts = [
        `# Packets on ${escapeMarkdown(options.hello.host.name)}`,
        outcomeLine(verdicts),
        ...warnings(incomplete, damage),
        factLines(options, firstNs, lastNs).join('\n'),
        '## What failed',
        ...failureParts([...failures.values()], otherFailures),
        ...(failures.size > 0 || slowest === null ? [] : ['## The slowest', (slowest as { section: string }).section]),
        ...(paths.length === 0 ? [] : ['## Paths', pathTable(paths.slice(0, PATHS_MAX), titleOf)]),
        ...(paths.length + forgotten <= PATHS_MAX
          ? []
          : [`${paths.length + forgotten - PATHS_MAX} more paths are left out.`]),
        ledgerLine(ledger),
      ];
      return plainText(`${parts.filter((part) => part !== '').join('\n\n')}\n`);
    },
  };
}

function outcomeLine(verdicts: ReadonlyMap<string, number>): string {
  const total = [...verdicts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return 'No exchange was seen.';
  const ended = [...verdicts].toSorted(([, a], [, b]) => b - a).map(([verdict, count]) => `${count} ${verdict}`);
  return `${total} exchanges: ${ended.join(', ')}.`;
}

function warnings(incomplete: number, damage: string | null): string[] {
  return [
    ...(damage === null ? [] : [`**The recording is not whole**: ${escapeMarkdown(damage)}.`]),
    ...(incomplete === 0 ? [] : [`**Incomplete**: of ${incomplete} exchanges records were missed.`]),
  ];
}

function factLines(
  { hello, epochNs, filter, displayFilter, notes }: IncidentOptions,
  first: number,
  last: number,
): string[] {
  const facts: [string, string][] = [
    ['When', first > last ? '' : `${wallTime(epochNs, first)} to ${wallTime(epochNs, last)}`],
    ['Host', `${hello.host.name}, kernel ${hello.host.kernel}, Hopscope ${hello.agent.version}`],
    ['Captured with', filter],
    ['Only what matches', displayFilter],
    ['Notes', notes],
  ];
  return facts.filter(([, value]) => value !== '').map(([name, value]) => `- ${name}: ${escapeMarkdown(value)}`);
}

function failureRow(exchange: Exchange, epochNs: bigint, { titleOf, explain }: IncidentSurroundings): string[] {
  const { drop, kind, src, dst, verdict, startNs } = exchange;
  const where = drop === null || drop.netns === null ? '' : `${code(titleOf(drop.netns))} ${code(drop.ifname)}`;
  return [
    verdict,
    escapeMarkdown(`${kind === 'echo' ? 'ping' : kind} ${src} → ${dst}`),
    where.trim(),
    code(drop?.reason ?? ''),
    markedSentence(explain(exchange).sentence),
    wallTime(epochNs, startNs),
  ];
}

function failureParts(failures: readonly Failing[], others: number): string[] {
  if (failures.length === 0) return ['Nothing.'];
  const most = failures.toSorted((a, b) => b.count - a.count);
  return [
    table(
      ['times', 'verdict', 'what', 'where', 'reason', 'why', 'first'],
      most.map(({ count, row }) => [String(count), ...row]),
    ),
    ...(others === 0 ? [] : [`${others} exchanges failed in other ways still.`]),
    ...most.map(({ section }) => section),
  ];
}

function pathTable(paths: readonly PathReport[], titleOf: (netns: NetnsId) => string): string {
  const rows = paths.map(({ kind, src, dst, sent, verdicts, unclear, hops }) => {
    const there = hops.filter(({ direction }) => direction === 'request');
    const trip = there[0]?.roundTrip ?? null;
    const via = there.map(({ netns, ifname }) => `${code(titleOf(netns))} ${code(ifname)}`);
    const lost = verdicts.dropped + verdicts.error + verdicts['lost-sight'];
    return [
      escapeMarkdown(`${kind === 'echo' ? 'ping' : kind} ${src} → ${dst}`),
      via.join(' → '),
      String(sent),
      String(lost),
      String(unclear),
      ...(trip === null ? ['', '', ''] : [us(trip.bestNs), us(trip.meanNs), us(trip.worstNs)]),
    ];
  });
  return table(['path', 'by', 'sent', 'failed', 'unclear', 'best', 'mean', 'worst'], rows);
}

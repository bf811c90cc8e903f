// The ledger as this page sees it: of every hop since the page first listened, how many it took in and where the others went.
//
// Batches carry positions in the capture's stream, so a hole between two of them is exactly that many hops. The agent's
// ledger adds what never got a position (lost in the kernel's ring) and names the places; it comes in the order of the
// stream, so its position covers hops shed at the very end, which no later batch has shown yet.
import { NUMBERED_STAGES, PAGE_SAMPLED, positionOf } from '@hopscope/model';
import type { HopBatch, Ledger } from '@hopscope/protocol';
import { AWAY, UNEXPLAINED } from './stage-words.ts';

export interface PageLedger {
  readonly seen: number;
  readonly delivered: number;
  readonly missed: number;
  /** Of those missed: while the page was not connected. */
  readonly away: number;
  /** Where hops were lost and how many: `missed` in all. */
  readonly stages: readonly StageLoss[];
  /** Packets forgotten early: their later hops are not missed, but carry another id. */
  readonly identityFull: number;
  /** Events that were never records. */
  readonly recursionMisses: number;
  /** One packet in this many is followed now; 1 = all. */
  readonly sampledOneIn: number;
}

export interface StageLoss {
  /** Of the ledger, or one of ours: `away`, `unexplained`. */
  readonly stage: string;
  readonly lost: number;
}

export interface Account {
  onBatch(batch: Pick<HopBatch, 'firstHop' | 'count' | 'endHop'>): void;
  onLedger(ledger: Ledger): void;
  /** The connection was lost: the next hole is our own absence. */
  onDisconnected(): void;
  read(): PageLedger;
  /** Position after the last hop taken in: the credit to send; null before the first. */
  readonly nextHop: number | null;
}

export const EMPTY_LEDGER: PageLedger = {
  seen: 0,
  delivered: 0,
  missed: 0,
  away: 0,
  stages: [],
  identityFull: 0,
  recursionMisses: 0,
  sampledOneIn: 1,
};

/** The gateway counts these for each connection, and starts at 0. */
const PER_PAGE: readonly string[] = ['page-queue', PAGE_SAMPLED];

export function createAccount(): Account {
  let firstHop: number | null = null;
  let nextHop: number | null = null;
  let taken = 0;
  let away = 0;
  let isAway = false;
  /** Of the first ledger since the page listened. */
  let base: Ledger | null = null;
  let last: Ledger | null = null;
  /** Of earlier connections. */
  const before = new Map<string, number>();

  const lostAt = (ledger: Ledger | null, stage: string): number => ledger?.lost[stage] ?? 0;

  function since(stage: string): number {
    if (PER_PAGE.includes(stage)) return (before.get(stage) ?? 0) + lostAt(last, stage);
    return Math.max(0, lostAt(last, stage) - lostAt(base, stage));
  }

  const growth = (count: (ledger: Ledger) => number): number =>
    last === null || base === null ? 0 : Math.max(0, count(last) - count(base));

  return {
    onBatch(batch) {
      firstHop ??= batch.firstHop;
      if (isAway) away += nextHop === null ? 0 : Math.max(0, batch.firstHop - nextHop);
      isAway = false;
      nextHop = batch.endHop;
      taken += batch.count;
    },
    onLedger(ledger) {
      base ??= ledger;
      last = ledger;
    },
    onDisconnected() {
      for (const stage of PER_PAGE) before.set(stage, since(stage));
      if (last !== null)
        last = { ...last, lost: { ...last.lost, ...Object.fromEntries(PER_PAGE.map((stage) => [stage, 0])) } };
      isAway = nextHop !== null;
    },
    read() {
      const stages = Object.keys(last?.lost ?? {});
      const unnumbered = stages
        .filter((stage) => !NUMBERED_STAGES.has(stage))
        .reduce((sum, stage) => sum + since(stage), 0);
      const end = Math.max(nextHop ?? 0, last !== null && nextHop !== null ? positionOf(last) : 0);
      const seen = end - (firstHop ?? end) + unnumbered;
      const missed = seen - taken;
      const named = stages.map((stage) => ({ stage, lost: since(stage) }));
      const absent = isAway ? away + end - (nextHop ?? end) : away;
      const rest = missed - absent - named.reduce((sum, each) => sum + each.lost, 0);
      const all = [...named, { stage: AWAY, lost: absent }, { stage: UNEXPLAINED, lost: Math.max(0, rest) }];
      return {
        seen,
        delivered: taken,
        missed,
        away: absent,
        stages: all.filter(({ lost }) => lost > 0),
        identityFull: growth((ledger) => ledger.identityFull),
        recursionMisses: growth((ledger) => ledger.recursionMisses),
        sampledOneIn: last?.sampledOneIn ?? 1,
      };
    },
    get nextHop() {
      return nextHop;
    },
  };
}

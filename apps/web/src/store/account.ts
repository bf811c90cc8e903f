// The ledger as this page sees it: of every hop since the page first listened, how many it took in and where the others went.
//
// Batches carry positions in the capture's stream, so a hole between two of them is exactly that many hops. The agent's
// ledger adds what never got a position (lost in the kernel's ring) and names the places; it comes in the order of the
// stream, so its position covers hops shed at the very end, which no later batch has shown yet.
import type { Ledger } from '@hopscope/protocol';

export interface PageLedger {
  readonly seen: number;
  readonly delivered: number;
  readonly missed: number;
  /** Of those missed: while the page was not connected. */
  readonly away: number;
  /** Where hops were lost, in words, and how many. */
  readonly stages: readonly { readonly name: string; readonly lost: number }[];
}

export interface Account {
  /** Answers how many hops are missing before this batch. */
  onBatch(firstHop: number, count: number): number;
  onLedger(ledger: Ledger): void;
  /** The connection was lost: the next hole is our own absence. */
  onDisconnected(): void;
  read(): PageLedger;
  /** Position after the last hop taken in: the credit to send; null before the first. */
  readonly nextHop: number | null;
}

/** Stages whose hops have positions. Everything else was lost before it got one. */
const NUMBERED = new Set(['capture-queue', 'page-queue']);

const STAGE_WORDS: Readonly<Record<string, string>> = {
  'ring-full': 'kernel ring buffer was full',
  'capture-queue': 'gateway did not keep up',
  'page-queue': 'page did not keep up',
};
const AWAY = 'page was not connected';
const UNEXPLAINED = 'lost on the way, stage unknown';

export function createAccount(): Account {
  let firstHop: number | null = null;
  let nextHop: number | null = null;
  let taken = 0;
  let away = 0;
  let isAway = false;
  /** Of the first ledger since the page listened. */
  let base: Ledger | null = null;
  let last: Ledger | null = null;
  /** Stages of earlier connections; the gateway counts per page and starts at 0 for each. */
  let pageQueueBefore = 0;

  const lostAt = (ledger: Ledger | null, stage: string): number => ledger?.lost[stage] ?? 0;

  function since(stage: string): number {
    if (stage === 'page-queue') return pageQueueBefore + lostAt(last, stage);
    return Math.max(0, lostAt(last, stage) - lostAt(base, stage));
  }

  /** Where the stream was when the ledger was written. */
  function position(ledger: Ledger): number {
    const numbered = Object.entries(ledger.lost).filter(([stage]) => NUMBERED.has(stage));
    return ledger.delivered + numbered.reduce((sum, [, lost]) => sum + lost, 0);
  }

  return {
    onBatch(first, count) {
      firstHop ??= first;
      const gap = nextHop === null ? 0 : Math.max(0, first - nextHop);
      if (isAway) away += gap;
      isAway = false;
      nextHop = first + count;
      taken += count;
      return gap;
    },
    onLedger(ledger) {
      base ??= ledger;
      last = ledger;
    },
    onDisconnected() {
      pageQueueBefore += lostAt(last, 'page-queue');
      if (last !== null) last = { ...last, lost: { ...last.lost, 'page-queue': 0 } };
      isAway = nextHop !== null;
    },
    read() {
      const stages = Object.keys(last?.lost ?? {});
      const unnumbered = stages.filter((stage) => !NUMBERED.has(stage)).reduce((sum, stage) => sum + since(stage), 0);
      const end = Math.max(nextHop ?? 0, last !== null && nextHop !== null ? position(last) : 0);
      const seen = end - (firstHop ?? end) + unnumbered;
      const missed = seen - taken;
      const named = stages.map((stage) => ({ name: STAGE_WORDS[stage] ?? stage, lost: since(stage) }));
      const absent = isAway ? away + end - (nextHop ?? end) : away;
      const rest = missed - absent - named.reduce((sum, each) => sum + each.lost, 0);
      const all = [...named, { name: AWAY, lost: absent }, { name: UNEXPLAINED, lost: Math.max(0, rest) }];
      return { seen, delivered: taken, missed, away: absent, stages: all.filter((stage) => stage.lost > 0) };
    },
    get nextHop() {
      return nextHop;
    },
  };
}

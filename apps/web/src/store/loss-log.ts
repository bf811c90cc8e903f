// When what was lost, for the exchanges that are marked incomplete: the assembler knows that hops were missed, the ledger knows where.
import { breaksPaths, type Exchange } from '@hopscope/model';
import type { PageLedger, StageLoss } from './account.ts';
import { IDENTITY_FULL, RECURSION_MISSES } from './stage-words.ts';

export interface LossLog {
  /** What is new in it was lost between the last call and `nowNs`, in packet time. */
  note(ledger: PageLedger, nowNs: number): void;
  /** Stages that lost something while the exchange was under way, and how much in all of that time; the worst first. */
  during(exchange: Exchange): readonly StageLoss[];
  clear(): void;
}

interface Entry extends StageLoss {
  readonly fromNs: number;
  readonly toNs: number;
}

const ENTRIES = 500;
/** A ledger comes once a second; an exchange may be joined to hops as far apart as the assembler's time-out. */
const SLACK_NS = 2e9;

export function createLossLog(): LossLog {
  let entries: Entry[] = [];
  let known = new Map<string, number>();
  let sinceNs = 0;

  return {
    note(ledger, nowNs) {
      // Who is not followed at all leaves no hole in the path of another.
      const all = [
        ...ledger.stages.filter(({ stage }) => breaksPaths(stage)),
        { stage: IDENTITY_FULL, lost: ledger.identityFull },
        { stage: RECURSION_MISSES, lost: ledger.recursionMisses },
      ];
      for (const { stage, lost } of all) {
        const more = lost - (known.get(stage) ?? 0);
        if (more > 0) entries.push({ stage, lost: more, fromNs: sinceNs, toNs: nowNs });
      }
      known = new Map(all.map(({ stage, lost }) => [stage, lost]));
      entries = entries.slice(-ENTRIES);
      sinceNs = nowNs;
    },
    during(exchange) {
      const journeys = [exchange.request, exchange.reply, ...exchange.errors];
      const endNs = Math.max(...journeys.map((journey) => journey?.endNs ?? exchange.startNs));
      const sums = new Map<string, number>();
      for (const { stage, lost, fromNs, toNs } of entries) {
        if (fromNs > endNs + SLACK_NS || toNs < exchange.startNs) continue;
        sums.set(stage, (sums.get(stage) ?? 0) + lost);
      }
      return [...sums].map(([stage, lost]) => ({ stage, lost })).sort((a, b) => b.lost - a.lost);
    },
    clear() {
      entries = [];
      known = new Map();
      sinceNs = 0;
    },
  };
}

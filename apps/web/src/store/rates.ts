// Exchanges, drops and errors over time, for the timeline: what the history holds, bounded.
import type { Exchange, ExchangeVerdict } from '@hopscope/model';

export interface RateBin {
  /** Wall-clock time. */
  readonly fromMs: number;
  readonly exchanges: number;
  readonly dropped: number;
  /** Answered by an ICMP error. */
  readonly errors: number;
}

export interface Rates {
  /** @param wallMs when it began */
  note(exchange: Exchange, wallMs: number): void;
  /**
   * Oldest first; bins without an exchange are left out.
   * @param binMs a multiple of 100
   */
  read(fromMs: number, toMs: number, binMs: number): readonly RateBin[];
  clear(): void;
}

interface Counts {
  exchanges: number;
  dropped: number;
  errors: number;
}

const RATE_BIN_MS = 100;
/** As long as the history reaches back. */
const KEEP_MS = 600_000;
/** Exchanges whose verdict may still change. */
const VERDICTS_KEPT = 20_000;

/** @param keepMs older bins are forgotten */
export function createRates(keepMs = KEEP_MS): Rates {
  /** By number of the bin, in order of first use: nearly in order of time. */
  const bins = new Map<number, Counts>();
  const verdicts = new Map<number, ExchangeVerdict>();

  function bin(at: number): Counts {
    let found = bins.get(at);
    if (found === undefined) {
      found = { exchanges: 0, dropped: 0, errors: 0 };
      bins.set(at, found);
      for (const old of bins.keys()) {
        if (old >= at - keepMs / RATE_BIN_MS) break;
        bins.delete(old);
      }
    }
    return found;
  }

  function count(counts: Counts, verdict: ExchangeVerdict | undefined, by: number): void {
    if (verdict === 'dropped') counts.dropped += by;
    if (verdict === 'error') counts.errors += by;
  }

  return {
    note({ id, verdict }, wallMs) {
      const before = verdicts.get(id);
      if (before === verdict) return;
      const at = bin(Math.floor(wallMs / RATE_BIN_MS));
      if (before === undefined) at.exchanges++;
      count(at, before, -1);
      count(at, verdict, 1);
      verdicts.set(id, verdict);
      if (verdicts.size > VERDICTS_KEPT) {
        const [oldest] = verdicts.keys();
        if (oldest !== undefined) verdicts.delete(oldest);
      }
    },
    read(fromMs, toMs, binMs) {
      const sums = new Map<number, Counts>();
      for (const [at, counts] of bins) {
        const ms = at * RATE_BIN_MS;
        if (ms + RATE_BIN_MS <= fromMs || ms >= toMs) continue;
        const key = Math.floor(ms / binMs);
        const sum = sums.get(key) ?? { exchanges: 0, dropped: 0, errors: 0 };
        sum.exchanges += counts.exchanges;
        sum.dropped += counts.dropped;
        sum.errors += counts.errors;
        sums.set(key, sum);
      }
      return [...sums].map(([key, sum]) => ({ fromMs: key * binMs, ...sum })).sort((a, b) => a.fromMs - b.fromMs);
    },
    clear() {
      bins.clear();
      verdicts.clear();
    },
  };
}

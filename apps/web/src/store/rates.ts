// Exchanges per second for the timeline: what the last minutes held, bounded.
import type { Exchange, ExchangeVerdict } from '@hopscope/model';

export interface Rate {
  /** Wall-clock second. */
  readonly second: number;
  readonly exchanges: number;
  readonly dropped: number;
}

export interface Rates {
  /** @param wallMs when it began */
  note(exchange: Exchange, wallMs: number): void;
  /** Oldest first; seconds without an exchange are left out. */
  read(): readonly Rate[];
  clear(): void;
}

const RATE_SECONDS = 180;
/** Exchanges whose verdict may still change. */
const VERDICTS_KEPT = 20_000;

export function createRates(): Rates {
  const seconds = new Map<number, { exchanges: number; dropped: number }>();
  const verdicts = new Map<number, ExchangeVerdict>();

  function bin(second: number): { exchanges: number; dropped: number } {
    let found = seconds.get(second);
    if (found === undefined) {
      found = { exchanges: 0, dropped: 0 };
      seconds.set(second, found);
      for (const old of seconds.keys()) {
        if (old >= second - RATE_SECONDS) break;
        seconds.delete(old);
      }
    }
    return found;
  }

  return {
    note(exchange, wallMs) {
      const at = bin(Math.floor(wallMs / 1000));
      const before = verdicts.get(exchange.id);
      if (before === undefined) at.exchanges++;
      if (before === exchange.verdict) return;
      if (before === 'dropped') at.dropped--;
      if (exchange.verdict === 'dropped') at.dropped++;
      verdicts.set(exchange.id, exchange.verdict);
      if (verdicts.size > VERDICTS_KEPT) {
        const [oldest] = verdicts.keys();
        if (oldest !== undefined) verdicts.delete(oldest);
      }
    },
    read: () => [...seconds].map(([second, counts]) => ({ second, ...counts })).sort((a, b) => a.second - b.second),
    clear() {
      seconds.clear();
      verdicts.clear();
    },
  };
}

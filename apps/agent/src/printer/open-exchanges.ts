// Which exchanges may still have something to tell: a drop that has become certain, a journey that is over.
import type { Assembler, Drop, Exchange, Journey } from '@hopscope/model';
import type { TimeNs } from '@hopscope/protocol';
import { journeysOf } from './hop-view.ts';

/** The last stages of a packet's life follow its last device within microseconds; with this it is certainly over. */
const SETTLED_AFTER_NS = 250_000_000;
const CLOSED_KEPT = 20_000;

export interface News {
  onDrop(drop: Drop, exchange: Exchange): void;
  onJourney(journey: Journey, exchange: Exchange): void;
}

export interface OpenExchanges {
  /** A hop was added to this exchange. */
  touch(id: number): void;
  /** Looks at those touched since the last look, and at those whose time has come. Each piece of news is told once. */
  look(now: TimeNs): void;
  /** The end: tells every journey not told yet. */
  finish(): void;
}

export function createOpenExchanges(assembler: Pick<Assembler, 'exchange'>, news: News): OpenExchanges {
  /** Exchange → what was told of it already. */
  const open = new Map<number, Set<string>>();
  /** Told in full: a straggler does not open it again. */
  let closed = new Set<number>();
  const touched = new Set<number>();

  function tellDrops(exchange: Exchange, told: Set<string>): void {
    for (const { id, verdict, drop } of journeysOf(exchange)) {
      if (verdict !== 'dropped' || drop === null || told.has(`drop ${id}`)) continue;
      told.add(`drop ${id}`);
      news.onDrop(drop, exchange);
    }
  }

  function tellJourneys(exchange: Exchange, told: Set<string>): void {
    for (const journey of journeysOf(exchange)) {
      if (told.has(`journey ${journey.id}`)) continue;
      told.add(`journey ${journey.id}`);
      news.onJourney(journey, exchange);
    }
  }

  const lastNs = (exchange: Exchange) => Math.max(...journeysOf(exchange).map(({ endNs }) => endNs));

  return {
    touch(id) {
      if (closed.has(id)) return;
      touched.add(id);
      if (!open.has(id)) open.set(id, new Set());
    },
    look(now) {
      for (const id of touched) {
        const exchange = assembler.exchange(id);
        const told = open.get(id);
        if (exchange !== undefined && told !== undefined) tellDrops(exchange, told);
      }
      touched.clear();
      for (const [id, told] of open) {
        const exchange = assembler.exchange(id);
        if (exchange === undefined) {
          open.delete(id);
          continue;
        }
        // In order of their start: those behind it are younger.
        if (now - lastNs(exchange) < SETTLED_AFTER_NS) break;
        if (exchange.verdict === 'in-flight') continue;
        tellDrops(exchange, told);
        tellJourneys(exchange, told);
        open.delete(id);
        closed.add(id);
      }
      if (closed.size > CLOSED_KEPT) closed = new Set([...closed].slice(-CLOSED_KEPT / 2));
    },
    finish() {
      for (const [id, told] of open) {
        const exchange = assembler.exchange(id);
        if (exchange === undefined) continue;
        tellDrops(exchange, told);
        tellJourneys(exchange, told);
      }
      open.clear();
    },
  };
}

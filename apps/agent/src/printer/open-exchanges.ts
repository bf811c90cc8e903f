// Which exchanges may still have something to tell: a drop that has become certain, a journey that is over.
import type { Assembler, Drop, Exchange, Journey } from '@hopscope/model';
import type { TimeNs } from '@hopscope/protocol';
import { journeysOf } from './hop-view.ts';

/**
 * The last stages of a packet's life follow its last device within microseconds; with this it is certainly over. Facts about a drop
 * come some ms after it: what is not there by then is not waited for.
 */
const SETTLED_AFTER_NS = 300_000_000;
const CLOSED_KEPT = 20_000;

export interface News {
  /** Whether the drop can be told already, before it is settled. */
  isReady(drop: Drop): boolean;
  onDrop(drop: Drop, exchange: Exchange): void;
  onJourney(journey: Journey, exchange: Exchange): void;
  /** Told last. At the end of the trace it may still be under way. */
  onExchange(exchange: Exchange): void;
}

export interface OpenExchanges {
  /** A hop was added to this exchange. */
  touch(id: number): void;
  /** Looks at those touched since the last look, and at those whose time has come. Each piece of news is told once. */
  look(now: TimeNs): void;
  /** The end: tells everything not told yet. */
  finish(): void;
}

export function createOpenExchanges(assembler: Pick<Assembler, 'exchange'>, news: News): OpenExchanges {
  /** Exchange → what was told of it already. */
  const open = new Map<number, Set<string>>();
  /** Told in full: a straggler does not open it again. */
  let closed = new Set<number>();
  const touched = new Set<number>();

  /** Answers whether one has to wait. */
  function tellDrops(exchange: Exchange, told: Set<string>, now: number): boolean {
    let isWaiting = false;
    for (const { id, verdict, drop } of journeysOf(exchange)) {
      if (verdict !== 'dropped' || drop === null || told.has(`drop ${id}`)) continue;
      if (now - drop.t < SETTLED_AFTER_NS && !news.isReady(drop)) {
        isWaiting = true;
        continue;
      }
      told.add(`drop ${id}`);
      news.onDrop(drop, exchange);
    }
    return isWaiting;
  }

  function tellRest(exchange: Exchange, told: Set<string>): void {
    tellDrops(exchange, told, Number.POSITIVE_INFINITY);
    for (const journey of journeysOf(exchange)) {
      if (told.has(`journey ${journey.id}`)) continue;
      told.add(`journey ${journey.id}`);
      news.onJourney(journey, exchange);
    }
    news.onExchange(exchange);
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
        if (exchange !== undefined && told !== undefined && tellDrops(exchange, told, now)) continue;
        touched.delete(id);
      }
      for (const [id, told] of open) {
        const exchange = assembler.exchange(id);
        if (exchange === undefined) {
          open.delete(id);
          continue;
        }
        // In order of their start: those behind it are younger.
        if (now - lastNs(exchange) < SETTLED_AFTER_NS) break;
        if (exchange.verdict === 'in-flight') continue;
        tellRest(exchange, told);
        open.delete(id);
        closed.add(id);
      }
      if (closed.size > CLOSED_KEPT) closed = new Set([...closed].slice(-CLOSED_KEPT / 2));
    },
    finish() {
      for (const [id, told] of open) {
        const exchange = assembler.exchange(id);
        if (exchange === undefined) continue;
        tellRest(exchange, told);
      }
      open.clear();
      touched.clear();
    },
  };
}

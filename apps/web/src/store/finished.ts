// Hands each exchange on once, when nothing more is to be expected of it: the path statistics count it then, and not again.
import type { Exchange } from '@hopscope/model';

export interface Finished {
  /** It is new, or changed, at `nowNs` of packet time. */
  note(exchange: Exchange, nowNs: number): void;
  /** Those that are over by now, in the order in which they last changed. */
  take(nowNs: number): Exchange[];
  /** It was handed on. */
  has(id: number): boolean;
  clear(): void;
}

/** A reply that is back where it was awaited has some more stages to go. */
const REPLIED_NS = 100e6;
/** Any other verdict stands when nothing was heard for as long as the assembler waits. */
const SETTLED_NS = 2.2e9;
/** More than the assembler remembers: it reports no exchange that it has forgotten. */
const DONE_KEPT = 20_000;
const PENDING_KEPT = 20_000;

export function createFinished(): Finished {
  const pending = new Map<number, { readonly exchange: Exchange; readonly sinceNs: number }>();
  const done = new Set<number>();

  const isOver = ({ verdict }: Exchange, ageNs: number): boolean =>
    verdict === 'lost-sight' || ageNs >= (verdict === 'replied' ? REPLIED_NS : SETTLED_NS);

  return {
    note(exchange, sinceNs) {
      if (done.has(exchange.id)) return;
      pending.delete(exchange.id);
      if (exchange.verdict !== 'in-flight') pending.set(exchange.id, { exchange, sinceNs });
    },
    take(nowNs) {
      const over: Exchange[] = [];
      let excess = pending.size - PENDING_KEPT;
      for (const [id, { exchange, sinceNs }] of pending) {
        if (excess-- <= 0 && !isOver(exchange, nowNs - sinceNs)) continue;
        pending.delete(id);
        done.add(id);
        over.push(exchange);
      }
      for (const id of done) {
        if (done.size <= DONE_KEPT) break;
        done.delete(id);
      }
      return over;
    },
    has: (id) => done.has(id),
    clear() {
      pending.clear();
      done.clear();
    },
  };
}

// Which exchanges may still have something to tell: a drop that has become certain, a journey that is over.
//
// Making a view of an exchange is most of what a hop costs here, so it is asked for when its packet may just have died, when it has
// been quiet for long enough, and when the assembler says that it has changed; not at every look.
import type { Assembler, Drop, Exchange, Journey } from '@hopscope/model';
import type { TimeNs } from '@hopscope/protocol';

/**
 * The last stages of a packet's life follow its last device within microseconds; with this it is certainly over. Facts about a drop
 * come some ms after it: what is not there by then is not waited for.
 */
const SETTLED_AFTER_NS = 300_000_000;
const CLOSED_KEPT = 20_000;
/** The assembler forgets the oldest beyond 10,000: before that, each is told as far as it is known. */
const OPEN_KEPT = 8000;

export interface News {
  /** Whether the drop can be told already, before it is settled. */
  isReady(drop: Drop): boolean;
  onDrop?(drop: Drop, exchange: Exchange): void;
  onJourney?(journey: Journey, exchange: Exchange): void;
  /** Told last. At the end of the trace it may still be under way. */
  onExchange(exchange: Exchange): void;
}

export interface OpenExchanges {
  /** A hop was added to this exchange. @param isFree it may have been the packet's end */
  touch(id: number, t: TimeNs, isFree: boolean): void;
  /** These changed without a hop: a time-out has become a verdict. */
  recheck(ids: readonly number[]): void;
  /** Tells what has become certain. Each piece of news is told once. */
  look(now: TimeNs): void;
  /** The end: tells everything not told yet. */
  finish(): void;
}

interface Open {
  lastNs: number;
  /** Journeys whose drop was told. */
  readonly dropsTold: Set<number>;
}

/** A reply that is back may still lie at the socket of a program that has no time to read it. */
function isUnderWay(exchange: Exchange): boolean {
  return exchange.verdict === 'in-flight' || journeysOf(exchange).some(({ verdict }) => verdict === 'in-flight');
}

export function journeysOf({ request, reply, errors }: Exchange): Journey[] {
  return [request, reply, ...errors].filter((journey) => journey !== null);
}

export function createOpenExchanges(
  assembler: Pick<Assembler, 'exchange' | 'mayHaveDropped' | 'release'>,
  news: News,
): OpenExchanges {
  /** In order of their first hop. */
  const open = new Map<number, Open>();
  /** Quiet, and still without a verdict: nothing to ask before they change. */
  const waiting = new Map<number, Open>();
  /** Told in full: a straggler does not open it again. */
  let closed = new Set<number>();
  /** A packet of these may have died. */
  const dying = new Set<number>();

  /** Answers whether one has to wait. */
  function tellDrops(exchange: Exchange, { dropsTold }: Open, now: number): boolean {
    let isWaiting = false;
    for (const { id, verdict, drop } of journeysOf(exchange)) {
      if (verdict !== 'dropped' || drop === null || dropsTold.has(id)) continue;
      if (now - drop.t < SETTLED_AFTER_NS && !news.isReady(drop)) {
        isWaiting = true;
        continue;
      }
      dropsTold.add(id);
      news.onDrop?.(drop, exchange);
    }
    return isWaiting;
  }

  function tellAll(id: number, exchange: Exchange, state: Open): void {
    tellDrops(exchange, state, Number.POSITIVE_INFINITY);
    for (const journey of journeysOf(exchange)) news.onJourney?.(journey, exchange);
    news.onExchange(exchange);
    assembler.release(id);
    closed.add(id);
  }

  /** It is quiet: tells it, or lets it wait for its verdict. */
  function settle(id: number, state: Open): void {
    open.delete(id);
    waiting.delete(id);
    const exchange = assembler.exchange(id);
    if (exchange === undefined) return;
    if (isUnderWay(exchange)) waiting.set(id, state);
    else tellAll(id, exchange, state);
  }

  /** More are open than the assembler will remember: the one that began first, though it may not be over. */
  function tellOldest(): void {
    const [[firstOpen, openState] = [Number.POSITIVE_INFINITY, null]] = open;
    const [[firstWaiting, waitingState] = [Number.POSITIVE_INFINITY, null]] = waiting;
    const id = Math.min(firstOpen, firstWaiting);
    const state = id === firstOpen ? openState : waitingState;
    open.delete(id);
    waiting.delete(id);
    const exchange = assembler.exchange(id);
    if (exchange !== undefined && state !== null) tellAll(id, exchange, state);
  }

  return {
    touch(id, t, isFree) {
      if (closed.has(id)) return;
      if (isFree) dying.add(id);
      const state = open.get(id) ?? waiting.get(id) ?? { lastNs: t, dropsTold: new Set() };
      state.lastNs = Math.max(state.lastNs, t);
      if (waiting.delete(id) || !open.has(id)) open.set(id, state);
      if (open.size + waiting.size > OPEN_KEPT) tellOldest();
    },
    recheck(ids) {
      for (const id of ids) {
        const state = waiting.get(id);
        if (state !== undefined) settle(id, state);
      }
    },
    look(now) {
      for (const id of dying) {
        const state = open.get(id) ?? waiting.get(id);
        const isAsked = state !== undefined && assembler.mayHaveDropped(id);
        const exchange = isAsked ? assembler.exchange(id) : undefined;
        if (exchange === undefined || state === undefined || !tellDrops(exchange, state, now)) dying.delete(id);
      }
      for (const [id, state] of open) {
        // Those behind it are younger.
        if (now - state.lastNs < SETTLED_AFTER_NS) break;
        settle(id, state);
      }
      if (closed.size > CLOSED_KEPT) closed = new Set([...closed].slice(-CLOSED_KEPT / 2));
    },
    finish() {
      for (const [id, state] of [...waiting, ...open].sort(([a], [b]) => a - b)) {
        const exchange = assembler.exchange(id);
        if (exchange !== undefined) tellAll(id, exchange, state);
      }
      open.clear();
      waiting.clear();
      dying.clear();
    },
  };
}

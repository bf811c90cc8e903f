// The display filter: what is printed of an exchange waits until it is over, since only then is it known whether it passes.
//
// Lines wait by packet and not by exchange: two exchanges may turn out to be one, a packet remains what it is.
import type { DisplayFilter, Exchange } from '@hopscope/model';
import type { Hop } from '@hopscope/protocol';
import { journeysOf } from '../lib/open-exchanges.ts';
import type { LiveSurroundings } from './surroundings.ts';
import type { ViewContext } from './view.ts';

/** Lines that wait at most, some 30 MB of them: the oldest packet's go first. */
const LINES_HELD = 200_000;
/** Packets whose fate is remembered, for hops that come late. */
const DECIDED_KEPT = 20_000;

type Output = Pick<ViewContext, 'write' | 'count' | 'isDone'>;

export interface Sieve extends Output {
  /** What is written during `tell` is about this packet. @param id of its exchange, for packets that the kernel side did not track */
  about<T>(packet: Hop['packet'], id: number | null, tell: () => T): T;
  /** It is over: prints what waited, or throws it away. Answers whether it passes. */
  settle(exchange: Exchange): boolean;
}

interface Line {
  readonly text: string;
  isCounted: boolean;
  /** Order among all lines. */
  readonly at: number;
}

const UNTRACKED = 0;

export function createSieve(
  matches: DisplayFilter,
  surroundings: Pick<LiveSurroundings, 'subjectNames'>,
  output: Output,
): Sieve {
  const waiting = new Map<string, Line[]>();
  let decided = new Map<string, boolean>();
  let held = 0;
  let written = 0;
  /** Whom it is about; null = nobody: printed at once. */
  let key: string | null = null;

  const keyOf = (packet: number, id: number | null) => (packet === UNTRACKED ? `exchange ${id}` : `packet ${packet}`);

  function take(of: string): Line[] {
    const lines = waiting.get(of) ?? [];
    waiting.delete(of);
    held -= lines.length;
    return lines;
  }

  function hold(text: string, of: string): void {
    const lines = waiting.get(of);
    const line = { text, isCounted: false, at: written++ };
    if (lines === undefined) waiting.set(of, [line]);
    else lines.push(line);
    held++;
    for (const [oldest] of waiting) {
      if (held <= LINES_HELD || oldest === of) break;
      take(oldest);
    }
  }

  return {
    about(packet, id, tell) {
      key = keyOf(packet, id);
      try {
        return tell();
      } finally {
        key = null;
      }
    },
    write(text) {
      const known = key === null ? true : decided.get(key);
      if (key !== null && known === undefined) hold(text, key);
      else if (known === true) output.write(text);
    },
    count() {
      const known = key === null ? true : decided.get(key);
      const last = key === null ? undefined : waiting.get(key)?.at(-1);
      if (known === true) output.count();
      else if (last !== undefined) last.isCounted = true;
    },
    isDone: output.isDone,
    settle(exchange) {
      const passes = matches({ exchange, ...surroundings.subjectNames });
      const packets = journeysOf(exchange).flatMap((journey) => journey.packets);
      const keys = [...packets.map((packet) => keyOf(packet, exchange.id)), keyOf(UNTRACKED, exchange.id)];
      const lines = keys.flatMap(take).sort((a, b) => a.at - b.at);
      for (const one of keys) decided.set(one, passes);
      if (decided.size > DECIDED_KEPT) decided = new Map([...decided].slice(-DECIDED_KEPT / 2));
      if (!passes) return false;
      for (const { text, isCounted } of lines) {
        if (output.isDone()) break;
        output.write(text);
        if (isCounted) output.count();
      }
      return true;
    },
  };
}

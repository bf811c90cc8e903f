// Shows any moment that a history holds, by the code that showed it the first time. Pure: its clock is the packets' own, and how long it
// may work at a time is the caller's choice. Where the frames came from (a socket, a recording) it does not know.
import type { Exchange, FrameHistory, HistoryEntry } from '@hopscope/model';
import type { TimeNs } from '@hopscope/protocol';
import { createWorld, startWorld, type World } from './world.ts';

export interface Player {
  /** As it was at `t`. Another object after `seek` went back. */
  readonly world: World;
  readonly t: TimeNs;
  /**
   * Goes on to that moment, or as near as the history reaches. Back means from its beginning again.
   * @param isTimeUp asked after each frame: whether to leave the rest to the next call
   * @returns how much of the way is done: 1 = it is there
   */
  seek(t: TimeNs, isTimeUp: () => boolean): number;
}

export interface PlayerOptions {
  readonly history: Pick<FrameHistory, 'start' | 'entries'> & {
    /** Whether what comes from this entry on has yet to be read from somewhere. */
    isLoading?(from: number): boolean;
  };
  /** An exchange changed on the way. */
  onExchange(exchange: Exchange): void;
  /** See `createWorld`. */
  readonly ratesKeptMs?: number;
}

/** As often as a page looks for time-outs. */
const TICK_NS = 250e6;
/** Frames kept although the history may let go of them. */
const AHEAD = 100;

export function createPlayer({ history, onExchange, ratesKeptMs }: PlayerOptions): Player {
  let world = createWorld(onExchange, ratesKeptMs);
  let t = Number.NEGATIVE_INFINITY;
  let startNs = 0;
  let tickNs = 0;
  /** Of the entry that comes next. */
  let index = 0;
  let ahead: readonly HistoryEntry[] = [];
  let at = 0;
  /** Where the way to the moment began. */
  let sinceNs = 0;

  function restart(): void {
    world = createWorld(onExchange, ratesKeptMs);
    const { start } = history;
    if (start === null) return;
    startWorld(world, start);
    t = startNs = sinceNs = start.t;
    tickNs = t + TICK_NS;
    ahead = history.entries(0, AHEAD);
    at = 0;
    index = ahead[0]?.index ?? 0;
  }

  function next(): HistoryEntry | undefined {
    if (at >= ahead.length) {
      ahead = history.entries(index, AHEAD);
      at = 0;
    }
    return ahead[at];
  }

  /** Frames that it has not seen fell out: there is a hole between here and there. */
  const isBehind = (): boolean => (next()?.index ?? index) > index;

  return {
    get world() {
      return world;
    },
    get t() {
      return Math.max(0, t) as TimeNs;
    },
    seek(wanted, isTimeUp) {
      if (wanted < t || t === Number.NEGATIVE_INFINITY || isBehind()) restart();
      const toNs = Math.max(wanted, startNs);
      do {
        const entry = next();
        if (entry === undefined && history.isLoading?.(index) === true) break;
        if (entry !== undefined && entry.t <= toNs && entry.t <= tickNs) {
          world.take(entry.frame, entry.t / 1e6);
          index = entry.index + 1;
          at++;
          t = Math.max(t, entry.t);
        } else if (tickNs <= toNs) {
          world.traffic.tick(tickNs / 1e6);
          t = tickNs;
          tickNs += TICK_NS;
        } else {
          t = toNs;
          sinceNs = toNs;
          return 1;
        }
      } while (!isTimeUp());
      return toNs > sinceNs ? Math.min(0.999, (t - sinceNs) / (toNs - sinceNs)) : 0;
    },
  };
}

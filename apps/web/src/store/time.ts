// Looking back: which moment is shown, how it is reached, and the way back to now. Meanwhile what comes is kept, and shown on the return.
import type { Exchange } from '@hopscope/model';
import type { TimeNs } from '@hopscope/protocol';
import { spanShowing } from '../lib/time-span.ts';
import type { Actions } from './actions.ts';
import type { HistoryView } from './history.ts';
import { createPlayer, type Player } from './player.ts';
import type { Shown, TimeRange } from './shown.ts';
import type { Store } from './store.ts';
import type { World } from './world.ts';

export interface TimeControl {
  /** Shows that moment, and stays there. The nearest that is held where it is not. */
  seek(atMs: number): void;
  /** Limits what is listed to this time, and shows its end; null lifts the limit. */
  select(range: TimeRange | null): void;
  setPaused(isPaused: boolean): void;
  goLive(): void;
  /** Call once a frame. @returns whether it wants another */
  advance(stepMs: number): boolean;
  /** Call a few times a second: the state learns how far the playing has come. */
  tick(): void;
  /** The moment shown, exact while it is played; null = now. */
  readonly atMs: number | null;
  /** What can be shown: from the oldest moment held until now. Null before the first packet. */
  readonly held: TimeRange | null;
}

/** An exchange, and how long before the moment it began. */
export interface Sight {
  readonly exchange: Exchange;
  readonly ageMs: number;
}

export interface TimeOptions {
  readonly store: Store;
  readonly actions: Actions;
  readonly live: World;
  readonly shown: Shown;
  history(): HistoryView;
  /** The moment is there, or it is now again: what was to be seen moving then, oldest first. */
  onMoment(sights: readonly Sight[]): void;
  /** An exchange changed while the past is played. */
  onExchange(exchange: Exchange): void;
  nowMs(): number;
  requestFrame(): void;
}

/** Leaves most of a frame to the drawing. */
const SLICE_MS = 10;
/** No dot flies for longer. */
const SIGHT_MS = 10_000;
/** As many as fit into one frame. */
const SIGHTS = 400;

export function createTime(options: TimeOptions): TimeControl {
  const { store, actions, live, shown, nowMs } = options;
  const get = store.getState;
  let player: Player | null = null;
  /** The clock of the packets that are shown. */
  let clock = live.traffic;
  let history = options.history();
  let targetNs = 0;
  let isThere = false;

  /** Up to which moment there is something to show. Of a capture that is over: its last. */
  function endNs(): TimeNs | null {
    const isOver = player !== null && history !== options.history();
    return isOver ? history.endNs : live.traffic.nowNs(nowMs());
  }

  function held(): TimeRange | null {
    const { startNs } = player === null ? options.history() : history;
    const end = endNs();
    return startNs === null || end === null ? null : { fromMs: clock.wallMs(startNs), toMs: clock.wallMs(end) };
  }

  function open(): Player {
    if (player !== null) return player;
    history = options.history();
    const opened = createPlayer({
      history,
      onExchange(exchange) {
        if (isThere && !get().isPaused) options.onExchange(exchange);
      },
    });
    player = opened;
    return opened;
  }

  function goTo(atMs: number): void {
    const limits = held();
    if (limits === null) return;
    const at = Math.max(limits.fromMs, Math.min(limits.toMs, atMs));
    open();
    targetNs = clock.timeOf(at);
    isThere = false;
    store.setState({ isPaused: true, step: null, moment: { atMs: at, progress: 0 } });
    keepInSight(at, limits.toMs);
    options.requestFrame();
  }

  /** The timeline stands still while the past is looked at, and moves on only with the moment. */
  function keepInSight(atMs: number, nowMs: number): void {
    const { span } = get();
    const next = spanShowing({ ...span, endMs: span.endMs ?? nowMs - 1 }, nowMs, atMs);
    if (next.endMs !== span.endMs) store.setState({ span: next });
  }

  function arrive(reached: Player): void {
    isThere = true;
    shown.show(reached.world);
    clock = reached.world.traffic;
    const atMs = clock.wallMs(reached.t);
    store.setState({ moment: { atMs, progress: 1 } });
    actions.showWorld();
    options.onMoment(sightsAt(atMs));
  }

  function sightsAt(atMs: number): Sight[] {
    const { traffic } = shown.world;
    const sights: Sight[] = [];
    const ids = traffic.ids();
    for (let i = ids.length - 1; i >= 0 && sights.length < SIGHTS; i--) {
      const exchange = traffic.exchange(ids[i] as number);
      if (exchange === undefined) continue;
      const ageMs = atMs - traffic.wallMs(exchange.startNs);
      if (ageMs > SIGHT_MS) break;
      sights.push({ exchange, ageMs: Math.max(0, ageMs) });
    }
    return sights.reverse();
  }

  function play(opened: Player, stepMs: number): void {
    const before = opened.world;
    const lastNs = Math.max(opened.t, Math.min(endNs() ?? 0, endOfRange()));
    targetNs = Math.min(targetNs + stepMs * 1e6, lastNs);
    const isDone = opened.seek(targetNs as TimeNs, sliceEnd()) === 1;
    // What is held has moved on beyond it: that is another moment.
    if (opened.world !== before) isThere = false;
    else if (isDone && targetNs >= endOfRange()) actions.setPaused(true);
    actions.showTopology();
  }

  function endOfRange(): number {
    const { range } = get();
    return range === null ? Number.POSITIVE_INFINITY : clock.timeOf(range.toMs);
  }

  function sliceEnd(): () => boolean {
    const untilMs = nowMs() + SLICE_MS;
    return () => nowMs() >= untilMs;
  }

  function limitTo(range: TimeRange | null): void {
    shown.limitTo(range);
    store.setState({ range });
  }

  return {
    seek: goTo,
    select(range) {
      limitTo(range);
      if (range !== null) goTo(range.toMs);
      else actions.showWorld();
    },
    setPaused(isPaused) {
      const { moment, range } = get();
      if (!isPaused && moment !== null && range !== null && moment.atMs >= range.toMs - 1) {
        goTo(range.fromMs);
      }
      actions.setPaused(isPaused);
      options.requestFrame();
    },
    goLive() {
      player = null;
      isThere = false;
      clock = live.traffic;
      shown.show(live);
      limitTo(null);
      store.setState({ moment: null, isPaused: false, step: null, span: { ...get().span, endMs: null } });
      actions.showWorld();
      options.onMoment(sightsAt(held()?.toMs ?? 0));
    },
    advance(stepMs) {
      if (player === null) return false;
      if (isThere) {
        if (!get().isPaused) play(player, stepMs);
        return !get().isPaused;
      }
      const progress = player.seek(targetNs as TimeNs, sliceEnd());
      if (progress === 1) arrive(player);
      else {
        const { moment } = get();
        if (moment !== null && Math.abs(progress - moment.progress) > 0.02) {
          store.setState({ moment: { ...moment, progress } });
        }
      }
      return progress < 1 || !get().isPaused;
    },
    tick() {
      const { moment, isPaused } = get();
      if (moment !== null && isThere && !isPaused && player !== null) {
        const atMs = clock.wallMs(player.t);
        store.setState({ moment: { ...moment, atMs } });
        keepInSight(atMs, held()?.toMs ?? atMs);
      }
    },
    get atMs() {
      const { moment } = get();
      if (moment === null || player === null) return null;
      return isThere ? clock.wallMs(player.t) : moment.atMs;
    },
    get held() {
      return held();
    },
  };
}

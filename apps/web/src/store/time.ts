// Looking back: which moment is shown, how it is reached, and the way back to now. Meanwhile what comes is kept, and shown on the return.
import type { Exchange } from '@hopscope/model';
import type { TimeNs } from '@hopscope/protocol';
import { spanShowing } from '../lib/time-span.ts';
import type { Actions } from './actions.ts';
import type { HistoryView } from './history.ts';
import { createPlayer, type Player } from './player.ts';
import type { Rates } from './rates.ts';
import type { RecordedSource } from './recorded-source.ts';
import type { Shown, TimeRange } from './shown.ts';
import { type ShownRecording, type Store, WHOLE_SPAN } from './store.ts';
import { createWorld, type World } from './world.ts';

export interface TimeControl {
  /** Shows that moment, and stays there. The nearest that is held where it is not. */
  seek(atMs: number): void;
  /** Limits what is listed to this time, and shows its end; null lifts the limit. */
  select(range: TimeRange | null): void;
  setPaused(isPaused: boolean): void;
  /** Also ends a recording. Of one that the page is there for: shows its end. */
  goLive(): void;
  /** Shows a recording instead of what comes, from its start, playing. */
  open(source: RecordedSource, shown: OpenAs): void;
  /** The same moment again, read anew. */
  reopen(): void;
  /** The timeline shows all that is held: of what comes, the last minutes. */
  showAll(): void;
  /** Call once a frame. @returns whether it wants another */
  advance(stepMs: number): boolean;
  /** Call a few times a second: the state learns how far the playing has come. */
  tick(): void;
  /** The moment shown, exact while it is played; null = now. */
  readonly atMs: number | null;
  /** What can be shown: from the oldest moment held until now. Null before the first packet. */
  readonly held: TimeRange | null;
  /** Exchanges over the time that is held. */
  readonly rates: Pick<Rates, 'read'>;
  /** The recording was played to its end: `setPaused(false)` begins anew. */
  readonly isOver: boolean;
  /** The recording that is shown. */
  readonly source: RecordedSource | null;
}

/** How a recording is opened. */
export type OpenAs = Pick<ShownRecording, 'isOwn' | 'title' | 'notes'> & {
  readonly speed: number;
  readonly isRepeating: boolean;
};

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
/** Reading all of a recording ahead is not to be felt. */
const SURVEY_SLICE_MS = 6;
/** No dot flies for longer. */
const SIGHT_MS = 10_000;
/** As many as fit into one frame. */
const SIGHTS = 400;

const NOTHING_OF_BEFORE = {
  selected: null,
  compare: 'off',
  picked: null,
  isLooping: false,
  step: null,
  folded: [],
} as const;

export function createTime(options: TimeOptions): TimeControl {
  const { store, actions, live, shown, nowMs } = options;
  const get = store.getState;
  let player: Player | null = null;
  let source: RecordedSource | null = null;
  /** The clock of the packets that are shown. */
  let clock = live.traffic;
  let history: HistoryView & { isLoading?(from: number): boolean } = options.history();
  let targetNs = 0;
  let isThere = false;
  /** A recording was played to its end. */
  let isOver = false;

  /** Up to which moment there is something to show. Of a capture that is over: its last. */
  function endNs(): TimeNs | null {
    if (source !== null) return source.history.endNs;
    const isGone = player !== null && history !== options.history();
    return isGone ? history.endNs : live.traffic.nowNs(nowMs());
  }

  function held(): TimeRange | null {
    const { startNs } = source?.history ?? (player === null ? options.history() : history);
    const end = endNs();
    return startNs === null || end === null ? null : { fromMs: clock.wallMs(startNs), toMs: clock.wallMs(end) };
  }

  function open(): Player {
    if (player !== null) return player;
    history = source?.history ?? options.history();
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
    isOver = false;
    store.setState({ isPaused: true, step: null, moment: { atMs: at, progress: 0 } });
    keepInSight(at, limits.toMs);
    options.requestFrame();
  }

  /** The timeline stands still while the past is looked at, and moves on only with the moment. */
  function keepInSight(atMs: number, nowMs: number): void {
    const { span } = get();
    // The end of a recording does not move on.
    if (source !== null && span.endMs === null && atMs >= nowMs - span.lengthMs) return;
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
    const { speed, isRepeating } = get();
    targetNs = Math.min(targetNs + stepMs * 1e6 * (source === null ? 1 : speed), lastNs);
    const isDone = opened.seek(targetNs as TimeNs, sliceEnd()) === 1;
    // What is held has moved on beyond it: that is another moment.
    if (opened.world !== before) isThere = false;
    else if (isDone && targetNs >= Math.min(endOfRange(), source?.history.endNs ?? endOfRange())) {
      if (source !== null && isRepeating) playFromStart();
      else if (get().range !== null) actions.setPaused(true);
      // What is still in flight lands.
      else isOver = true;
    }
    actions.showTopology();
  }

  /** Of the range, or of the recording. */
  function playFromStart(): void {
    goTo((get().range ?? held())?.fromMs ?? 0);
    actions.setPaused(false);
  }

  function endOfRange(): number {
    const { range } = get();
    return range === null ? Number.POSITIVE_INFINITY : clock.timeOf(range.toMs);
  }

  function sliceEnd(lengthMs = SLICE_MS): () => boolean {
    const untilMs = nowMs() + lengthMs;
    return () => nowMs() >= untilMs;
  }

  function limitTo(range: TimeRange | null): void {
    shown.limitTo(range);
    store.setState({ range });
  }

  function leave(): void {
    player = null;
    isThere = false;
    limitTo(null);
  }

  function showAll(): void {
    const limits = source === null ? null : held();
    const span = limits === null ? WHOLE_SPAN : { lengthMs: limits.toMs - limits.fromMs, endMs: null };
    store.setState({ span });
  }

  function describe(
    { play, opened, surveyed, damage, lastNs }: RecordedSource,
    as: Pick<ShownRecording, 'isOwn' | 'title' | 'notes'>,
  ): void {
    const recording: ShownRecording = {
      play,
      isOwn: as.isOwn,
      title: as.title,
      notes: as.notes,
      name: opened.name,
      fromMs: held()?.fromMs ?? 0,
      toMs: clock.wallMs(lastNs),
      hops: opened.recording.blocks.reduce((sum, block) => sum + block.hops, 0),
      bytes: opened.bytes.size,
      surveyed,
      damage,
    };
    if (JSON.stringify(recording) === JSON.stringify(get().recording)) return;
    store.setState({ recording, ...(play !== get().recording?.play && NOTHING_OF_BEFORE) });
  }

  return {
    seek: goTo,
    open(next, { speed, isRepeating, ...as }) {
      leave();
      source = next;
      clock = next.overview;
      store.setState({ hello: next.history.start?.hello ?? null, speed, isRepeating, gaps: [] });
      describe(next, as);
      showAll();
      playFromStart();
    },
    reopen() {
      if (source === null) return;
      const atMs = get().moment?.atMs ?? 0;
      const { isPaused } = get();
      leave();
      // Until it is there again, nothing of before is to be seen.
      shown.show(createWorld(() => {}));
      actions.showWorld();
      clock = source.overview;
      store.setState({ hello: source.history.start?.hello ?? null });
      goTo(atMs);
      actions.setPaused(isPaused);
    },
    showAll,
    select(range) {
      limitTo(range);
      if (range !== null) goTo(range.toMs);
      else actions.showWorld();
    },
    setPaused(isPaused) {
      const { moment } = get();
      const limits = get().range ?? (source === null ? null : held());
      if (!isPaused && moment !== null && limits !== null && moment.atMs >= limits.toMs - 1) {
        goTo(limits.fromMs);
      }
      actions.setPaused(isPaused);
      options.requestFrame();
    },
    goLive() {
      if (get().recording?.isOwn === true) {
        limitTo(null);
        goTo(held()?.toMs ?? 0);
        return;
      }
      leave();
      clock = live.traffic;
      shown.show(live);
      if (source !== null)
        store.setState({ recording: null, hello: live.hello, span: WHOLE_SPAN, ...NOTHING_OF_BEFORE });
      source = null;
      store.setState({ moment: null, isPaused: false, step: null, span: { ...get().span, endMs: null } });
      actions.showWorld();
      options.onMoment(sightsAt(held()?.toMs ?? 0));
    },
    advance(stepMs) {
      if (player === null) return false;
      const isSurveying = source?.survey(sliceEnd(SURVEY_SLICE_MS)) === true;
      if (isThere) {
        if (!get().isPaused && !isOver) play(player, stepMs);
        return (!get().isPaused && !isOver) || isSurveying;
      }
      const progress = player.seek(targetNs as TimeNs, sliceEnd());
      if (progress === 1) arrive(player);
      else {
        const { moment } = get();
        if (moment !== null && Math.abs(progress - moment.progress) > 0.02) {
          store.setState({ moment: { ...moment, progress } });
        }
      }
      return progress < 1 || !get().isPaused || isSurveying;
    },
    tick() {
      const { recording } = get();
      if (source !== null && recording !== null) describe(source, recording);
      // Somebody wants it again who saw it end.
      if (isOver && get().isRepeating && !get().isPaused) playFromStart();
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
    get rates() {
      return (source?.overview ?? live.traffic).rates;
    },
    get isOver() {
      return isOver && get().moment !== null;
    },
    get source() {
      return source;
    },
  };
}

// Holds the page and its address together: what is shown is written there, and what is written there is shown.
//
// A selection is a step of its own in the browser's history, so that Back undoes it; everything else takes the place of what stood there.
import type { Exchange } from '@hopscope/model';
import type { TimeNs } from '@hopscope/protocol';
import type { Actions } from './actions.ts';
import {
  type ExchangeAddress,
  type PageAddress,
  PLAIN_ADDRESS,
  readAddress,
  type ViewAddress,
  writeAddress,
} from './address.ts';
import {
  addressOf,
  captureKey,
  findExchange,
  isKept,
  isOfOtherKind,
  type KeptExchange,
  type KeptState,
  keepExchange,
  readKept,
} from './exchange-address.ts';
import { journeysOf } from './exchange-words.ts';
import type { TimeRange } from './shown.ts';
import { comparedOf, type Store } from './store.ts';
import type { TimeControl } from './time.ts';
import type { Traffic } from './traffic.ts';

export interface AddressSync {
  /** Shows what the address says; from now on it is kept up to date. */
  start(): void;
  /** Call a few times a second. */
  tick(nowMs: number): void;
  /** The address of what is shown now, but with this filter, or with this exchange selected. */
  linkTo(change: { readonly filter: string } | { readonly exchange: Exchange }): string;
}

export interface AddressSyncOptions {
  readonly store: Store;
  readonly actions: Pick<
    Actions,
    | 'applyFilter'
    | 'setFolded'
    | 'select'
    | 'restore'
    | 'showTab'
    | 'setPaused'
    | 'setStretch'
    | 'setStretchAuto'
    | 'notice'
  >;
  readonly traffic: Pick<Traffic, 'ids' | 'exchange' | 'wallMs'>;
  readonly time: Pick<TimeControl, 'seek' | 'select' | 'goLive' | 'held' | 'source'>;
  /** Null: all of the map. */
  readonly view: { read(): ViewAddress | null; show(view: ViewAddress | null): void };
}

/** Who steps through the list leaves one entry behind, not a hundred. */
const STEP_MS = 700;
/** So long after the agent answered, what it still knows of an exchange has come. */
const PATIENCE_MS = 1500;
/** A recording is still being played. */
const RECORDING_PATIENCE_MS = 60_000;
/** Browsers allow some 200 changes of the address in 30 seconds. */
const WRITE_MS = 450;
const SAME_MOMENT_MS = 1000;
/** Then its verdict stands. */
const AFTERWARDS_MS = 200;

export function createAddressSync({ store, actions, traffic, time, view }: AddressSyncOptions): AddressSync {
  const get = store.getState;
  /** As last written or read. */
  let written = '';
  let isApplying = false;
  let pushedMs = Number.NEGATIVE_INFINITY;
  /** What the address asks for and could not be shown yet. */
  let wanted: {
    readonly exchange: ExchangeAddress;
    readonly other: ExchangeAddress | null;
    liveMs: number | null;
    isSought: boolean;
  } | null = null;
  let wantsPause = false;
  /** The same of a moment or a range of time. */
  let wantedTime: { readonly atMs: number | null; readonly range: TimeRange | null; liveMs: number | null } | null =
    null;
  let wroteMs = Number.NEGATIVE_INFINITY;
  /** For `wallMs`: addresses of exchanges that were kept are theirs for good. */
  let kept: readonly KeptExchange[] = [];

  function exchangeAddress(exchange: Exchange | null): ExchangeAddress | null {
    if (exchange === null) return null;
    const own = kept.find((each) => each.exchange.id === exchange.id);
    return isKept(exchange) && own !== undefined ? own.address : addressOf(exchange, traffic.wallMs);
  }

  /** Of a file that somebody opened here: who loads the page again has it no more. */
  const isPassing = (): boolean => get().recording?.isOwn === false;

  function current(): PageAddress {
    const { filter, selected, tab, stretch, isStretchAuto, isPaused, moment, range, folded } = get();
    if (isPassing()) return { ...PLAIN_ADDRESS, filter, tab, pace: isStretchAuto ? null : stretch };
    return {
      filter,
      exchange: wanted?.exchange ?? exchangeAddress(selected),
      other: wanted === null ? exchangeAddress(comparedOf(get())) : wanted.other,
      tab,
      pace: isStretchAuto ? null : stretch,
      isPaused: isPaused || wantsPause,
      atMs: wantedTime === null ? (moment?.atMs ?? null) : wantedTime.atMs,
      range: wantedTime === null ? range : wantedTime.range,
      view: view.read(),
      folded,
    };
  }

  function stateToKeep(): KeptState {
    const { hello, selected, facts, isRedacted } = get();
    const kept = [selected, comparedOf(get())].flatMap((exchange) => {
      const address = exchangeAddress(exchange);
      return exchange === null || address === null
        ? []
        : [keepExchange(exchange, address, exchange === selected ? facts : {})];
    });
    return { capture: hello === null ? '' : captureKey(hello), isRedacted, kept };
  }

  function write(isStep: boolean): void {
    const hash = writeAddress(current());
    const url = hash === '' ? location.pathname + location.search : hash;
    const method = isStep && hash !== written ? 'pushState' : 'replaceState';
    written = hash;
    // While one is still looked for, what lies in the history may be all there is of it.
    const state = wanted === null ? stateToKeep() : history.state;
    try {
      history[method](state, '', url);
    } catch {
      // The browser allows only so many a minute, and so much for each: what is shown now is written a little later.
      written = '?';
    }
  }

  function apply(): void {
    const isOther = isOfOtherKind(history.state, get().isRedacted);
    const address = isOther
      ? { ...readAddress(location.hash), filter: '', exchange: null, other: null }
      : readAddress(location.hash);
    const { filter, selected } = get();
    isApplying = true;
    written = location.hash;
    if (address.filter !== filter) actions.applyFilter(address.filter);
    actions.showTab(address.tab);
    if (address.folded.join() !== get().folded.join()) actions.setFolded(address.folded);
    if (address.pace === null) actions.setStretchAuto(true);
    else actions.setStretch(address.pace);
    applyTime(address);
    view.show(address.view);
    const { exchange, other } = address;
    wanted = exchange === null ? null : { exchange, other, liveMs: null, isSought: false };
    if (exchange === null && selected !== null) actions.select(null);
    resolve(0);
    isApplying = false;
  }

  function applyTime({ atMs, range, isPaused }: PageAddress): void {
    const { moment, range: before } = get();
    wantedTime = null;
    wantsPause = false;
    if (isPassing()) return;
    if (atMs === null && range === null) {
      if ((moment !== null || before !== null) && get().recording === null) time.goLive();
      wantsPause = isPaused && !get().isPaused;
      if (!isPaused && get().recording === null) actions.setPaused(false);
      return;
    }
    const isThere = moment !== null && atMs !== null && Math.abs(moment.atMs - atMs) < SAME_MOMENT_MS;
    if (!isThere || before?.fromMs !== range?.fromMs || before?.toMs !== range?.toMs) {
      wantedTime = { atMs, range, liveMs: null };
    }
  }

  /** Whether it is time to stop waiting for what an address asks for. */
  function isGivenUp(since: { liveMs: number | null }, nowMs: number): boolean {
    since.liveMs ??= nowMs;
    return nowMs - since.liveMs >= (get().hello?.recording === undefined ? PATIENCE_MS : RECORDING_PATIENCE_MS);
  }

  function resolveTime(nowMs: number): void {
    const { held } = time;
    if (wantedTime === null || held === null || get().connection.state !== 'live') return;
    const { atMs, range } = wantedTime;
    const lastMs = Math.max(atMs ?? 0, range?.toMs ?? 0);
    if (lastMs >= held.fromMs && lastMs <= held.toMs + SAME_MOMENT_MS) {
      wantedTime = null;
      if (range !== null || get().range !== null) time.select(range);
      if (atMs !== null) time.seek(atMs);
    } else if (lastMs < held.fromMs || isGivenUp(wantedTime, nowMs)) {
      wantedTime = null;
      actions.notice({ type: 'notice', level: 'warning', text: TIME_NOT_HELD });
    }
  }

  function find(address: ExchangeAddress): KeptExchange | null {
    const held = findExchange(address, traffic);
    if (held !== undefined) return { address, exchange: held, facts: {} };
    return readKept(history.state, get().hello, address);
  }

  /** To the moment when a recording's exchange was over. @returns whether it is on its way there */
  function seekTo(sought: NonNullable<typeof wanted>): boolean {
    const overview = time.source?.overview;
    if (overview === undefined) return false;
    if (sought.isSought) return get().moment?.progress !== 1;
    const found = findExchange(sought.exchange, overview);
    if (found === undefined) return false;
    sought.isSought = true;
    const endNs = Math.max(found.startNs, ...journeysOf(found).map((journey) => journey.endNs)) as TimeNs;
    time.seek(overview.wallMs(endNs) + AFTERWARDS_MS);
    return true;
  }

  /** Shows the exchange that is wanted as soon as it can be; says so when it cannot. */
  function resolve(nowMs: number): void {
    const { connection, list } = get();
    if (wantsPause && list.held > 0) {
      wantsPause = false;
      actions.setPaused(true);
    }
    if (wanted === null || connection.state !== 'live') return;
    const found = find(wanted.exchange);
    if (found === null) {
      if (seekTo(wanted)) return;
      if (!isGivenUp(wanted, nowMs)) return;
      wanted = null;
      actions.notice({ type: 'notice', level: 'warning', text: NOT_HELD });
      return;
    }
    const other = wanted.other === null ? null : find(wanted.other);
    wanted = null;
    kept = [found, ...(other === null ? [] : [other])].filter(({ exchange }) => isKept(exchange));
    const wasApplying = isApplying;
    isApplying = true;
    if (isKept(found.exchange)) actions.restore(found.exchange, other?.exchange ?? null, found.facts);
    else actions.restore(found.exchange, other?.exchange ?? null, null);
    isApplying = wasApplying;
    seen = get().selected;
  }

  /** As last written into the history. */
  let seen: Exchange | null = null;

  return {
    start() {
      apply();
      addEventListener('popstate', apply);
      store.subscribe((state, before) => {
        if (isApplying || state.selected?.id === before.selected?.id) return;
        wanted = null;
        const nowMs = performance.now();
        write(nowMs - pushedMs > STEP_MS);
        pushedMs = nowMs;
        seen = state.selected;
      });
    },
    tick(nowMs) {
      resolve(nowMs);
      resolveTime(nowMs);
      if (nowMs - wroteMs < WRITE_MS) return;
      wroteMs = nowMs;
      const { selected } = get();
      // Also when the exchange that is shown has changed: the copy in the history is to be the newest.
      if (writeAddress(current()) === written && selected === seen) return;
      seen = selected;
      write(false);
    },
    linkTo(change) {
      const now = current();
      const next =
        'filter' in change
          ? { ...now, ...AT_NO_TIME, filter: change.filter, exchange: null, other: null }
          : { ...now, ...AT_NO_TIME, exchange: exchangeAddress(change.exchange), other: null };
      return `${location.origin}${location.pathname}${location.search}${writeAddress(next)}`;
    },
  };
}

/** Who opens a link later is not to find a picture that stands still. */
const AT_NO_TIME = { isPaused: false, atMs: null, range: null } as const;

const TIME_NOT_HELD =
  'The moment in this address is not held any more, so what is shown is now. A page holds the last minutes since it was opened.';
const NOT_HELD =
  'The exchange in this address is not held any more. A page holds what came since it was opened, and of that the last 10,000 exchanges.';

// Every change of the page's state has a name here.
import { breaksPaths, type Exchange, subjectNames } from '@hopscope/model';
import { type Evidence, type Hello, type NetnsId, type Notice, whyIncompatible } from '@hopscope/protocol';
import { chooseStretch } from '../lib/stretch.ts';
import type { Span } from '../lib/time-span.ts';
import type { PageLedger } from './account.ts';
import { isKept } from './exchange-address.ts';
import type { Filtering } from './filtering.ts';
import { buildNames } from './names.ts';
import type { Shown } from './shown.ts';
import { comparedOf, type Gap, type PageState, type PanelTab, type Store, type Theme } from './store.ts';
import type { World } from './world.ts';

export interface Actions {
  // From the wire.
  /**
   * @param wallMs for the timeline
   * @returns whether this page understands what follows
   */
  hello(hello: Hello, wallMs: number): boolean;
  /** Another capture than before. */
  beginAnew(): void;
  notice(frame: Notice): void;
  /** @param wallMs for the timeline */
  disconnected(reason: string, nowMs: number, wallMs: number): void;
  /** The topology of what is shown may have changed. */
  showTopology(): void;
  /** Facts came. */
  showFacts(): void;
  /** Another moment is shown than before. */
  showWorld(): void;
  // From the clock, a few times a second.
  refresh(nowMs: number): void;
  // From the person.
  /** While comparing: the one to compare with. */
  select(exchange: Exchange | null): void;
  /** The next exchange that is selected stands beside the one selected now. */
  chooseCompared(): void;
  endCompare(): void;
  /** Picks it in the list, or puts it back. Two that are picked are compared; a third one takes the place of the second. */
  pick(exchange: Exchange): void;
  putBack(): void;
  /** What an address or the browser's history asks for, whatever was selected before. Facts: null where they are to be looked up. */
  restore(selected: Exchange, compared: Exchange | null, facts: Evidence | null): void;
  showTab(tab: PanelTab): void;
  /** Applies a filter, or nothing when it has an error: then it only stands in the box. */
  applyFilter(text: string): void;
  /** Puts it into the box without applying it. */
  prepareFilter(text: string): void;
  setLooping(isLooping: boolean): void;
  setPaused(isPaused: boolean): void;
  setSpan(span: Span): void;
  setStep(step: number | null): void;
  setStretch(stretch: number): void;
  setStretchAuto(isAuto: boolean): void;
  /** Larger, slower, with captions. */
  setTeaching(isTeaching: boolean): void;
  /** The map as tables. */
  showTable(isOpen: boolean): void;
  setTheme(theme: Theme): void;
  /** Namespaces that share one quiet box on the map. */
  setFolded(folded: readonly NetnsId[]): void;
  /** Stand-ins for names and addresses, or the originals again. Filter and selection are of the other kind: they end. */
  setRedacted(isRedacted: boolean): void;
  /** What came before is fed again by `feed`: the page shows that at once, also while paused, and nothing of before. */
  feedAgain(feed: () => void): void;
  dismissNotice(key: number): void;
}

/** A sentence or two are read at each hop. */
const TEACHING_TIMES = 5;
const NOTICES_KEPT = 5;
const LOSING_MS = 5000;
const GAPS_KEPT = 20;

function openGap(gaps: readonly Gap[], wallMs: number): readonly Gap[] {
  const isOpen = gaps.some((gap) => gap.toSecond === null);
  return isOpen ? gaps : [...gaps, { fromSecond: Math.floor(wallMs / 1000), toSecond: null }].slice(-GAPS_KEPT);
}

function closeGap(gaps: readonly Gap[], wallMs: number): readonly Gap[] {
  return gaps.map((gap) => (gap.toSecond === null ? { ...gap, toSecond: Math.floor(wallMs / 1000) } : gap));
}

/** What was missed because it was too much: not while the page was away, and not what was left out on purpose. */
function overwhelmed({ missed, away, stages }: PageLedger): number {
  const onPurpose = stages.filter(({ stage }) => !breaksPaths(stage));
  return missed - away - onPurpose.reduce((sum, { lost }) => sum + lost, 0);
}

/** @param live where what comes is put together; what is shown may be of another time */
export function createActions(store: Store, shown: Shown, live: World, filtering: Filtering): Actions {
  const set = store.setState;
  const get = store.getState;
  let noticeKey = 0;
  let listVersion = -1;
  let filterVersion = 0;
  /** Of the moment that is shown: now, or when it was paused. */
  let heldIds: readonly number[] = [];
  let lostAtMs = Number.NEGATIVE_INFINITY;

  function showList(): void {
    filterVersion = filtering.version;
    const held = heldIds.length;
    if (!filtering.isOn) {
      set({ list: { ids: heldIds, held, dropped: null, version: listVersion } });
      return;
    }
    const passing = heldIds.flatMap((id) => shown.exchange(id) ?? []).filter(filtering.passes);
    const dropped = passing.filter(({ verdict }) => verdict === 'dropped').length;
    set({ list: { ids: passing.map(({ id }) => id), held, dropped, version: listVersion } });
  }

  function refreshList(): void {
    if (shown.version === listVersion) return;
    listVersion = shown.version;
    heldIds = [...shown.ids()];
    showList();
    set({
      drops: shown.dropped,
      hasData: shown.hasData,
    });
    const { selected } = get();
    const fresh = selected === null ? undefined : shown.exchange(selected.id);
    if (fresh !== undefined && fresh !== selected) set(selection(fresh));
    const compared = comparedOf(get());
    const other = compared === null ? undefined : shown.exchange(compared.id);
    if (other !== undefined && other !== compared) set({ compare: other });
  }

  /** Another filter, or other names: the same exchanges, seen anew. */
  function showFiltered(): void {
    shown.showPathsOf(filtering.isOn ? filtering.passes : null);
    showList();
  }

  /** The ledger that names the stage comes up to a second after the gap. */
  function refreshLosses(): void {
    const { selected, losses } = get();
    if (selected?.incomplete !== true) return;
    const fresh = shown.losses.during(selected);
    if (JSON.stringify(fresh) !== JSON.stringify(losses)) set({ losses: fresh });
  }

  /** The exchange with all that is known beside it. */
  function selection(selected: Exchange | null): Partial<PageState> {
    const losses = selected?.incomplete === true ? shown.losses.during(selected) : [];
    return { selected, facts: factsOf(selected), losses };
  }

  function factsOf(exchange: Exchange | null): Evidence {
    if (exchange === null) return {};
    const { selected, facts } = get();
    // What was kept with it is all there is.
    return exchange === selected && isKept(exchange) ? facts : shown.evidence.factsAbout(exchange);
  }

  function showLedger(): PageLedger {
    const fresh = shown.account.read();
    if (JSON.stringify(fresh) !== JSON.stringify(get().ledger)) set({ ledger: fresh });
    return fresh;
  }

  function showTopology(): void {
    const { topology, topologyVersion } = shown.world;
    if (topology === get().topology) return;
    set({ topology, topologyVersion, names: buildNames(topology) });
    filtering.setNames(subjectNames(topology));
  }

  function applyFilter(text: string): void {
    const filter = text.trim();
    const isApplied = filtering.set(filter);
    set({ filterDraft: filter, ...(isApplied && { filter }) });
    if (isApplied) showFiltered();
  }

  return {
    hello(hello, wallMs) {
      const reason = whyIncompatible(hello);
      if (reason !== null) {
        set({ connection: { state: 'incompatible', reason } });
        if (get().recording === null) set({ hello });
        return false;
      }
      const { recording, gaps } = get();
      set({ connection: { state: 'live' } });
      // The agent tells every page its notices again.
      if (recording === null) set({ hello, notices: [], gaps: closeGap(gaps, wallMs) });
      return true;
    },
    beginAnew() {
      if (shown.world === live) set({ ...selection(null), compare: 'off', picked: null, isLooping: false });
    },
    showTopology,
    showFacts() {
      const { selected, facts } = get();
      const fresh = factsOf(selected);
      // Also while paused: the exchange that is being looked at did not change, only what is known about it.
      if (selected !== null && fresh !== facts) set({ facts: fresh });
    },
    showWorld() {
      const { selected, picked } = get();
      const compared = comparedOf(get());
      const compare = compared === null ? null : shown.find(compared);
      if (picked !== null) set({ picked: shown.find(picked) });
      showTopology();
      set({ ...selection(selected === null ? null : shown.find(selected)), compare: compare ?? 'off' });
      refreshList();
      showLedger();
    },
    notice(frame) {
      noticeKey++;
      const notices = get().notices.filter((each) => each.text !== frame.text);
      set({ notices: [...notices, { ...frame, key: noticeKey }].slice(-NOTICES_KEPT) });
    },
    disconnected(reason, nowMs, wallMs) {
      const { connection } = get();
      if (connection.state === 'incompatible') return;
      const sinceMs = connection.state === 'reconnecting' ? connection.sinceMs : nowMs;
      const words = reason === '' && connection.state === 'reconnecting' ? connection.reason : reason;
      live.traffic.account.onDisconnected();
      set({ connection: { state: 'reconnecting', sinceMs, reason: words }, gaps: openGap(get().gaps, wallMs) });
    },
    refresh(nowMs) {
      const { connection, ledger, isLosing, isPaused, isStretchAuto, isTeaching, stretch } = get();
      const fresh = showLedger();
      const isNow = shown.world === live && connection.state === 'live';
      if (overwhelmed(fresh) > overwhelmed(ledger) && isNow) lostAtMs = nowMs;
      if (nowMs - lostAtMs < LOSING_MS !== isLosing) set({ isLosing: !isLosing });
      refreshLosses();
      if (filtering.version !== filterVersion) showFiltered();
      if (isPaused) return;
      refreshList();
      const chosen = isStretchAuto
        ? chooseStretch(shown.durationsNs, stretch, isTeaching ? TEACHING_TIMES : 1)
        : stretch;
      if (chosen !== stretch) set({ stretch: chosen });
    },
    select(exchange) {
      const { selected, compare } = get();
      if (exchange === null) set({ ...selection(null), compare: 'off', isLooping: false, step: null });
      else if (compare === 'off' || selected === null) set({ ...selection(exchange), step: null });
      else if (exchange.id !== selected.id) set({ compare: exchange });
    },
    chooseCompared: () => set({ compare: get().selected === null ? 'off' : 'choosing' }),
    endCompare: () => set({ compare: 'off' }),
    pick(exchange) {
      const { selected, picked } = get();
      const compared = comparedOf(get());
      const isCompared = compared !== null && selected !== null;
      if (isCompared && exchange.id === compared.id) set({ compare: 'off', picked: selected });
      else if (isCompared && exchange.id === selected.id)
        set({ ...selection(compared), compare: 'off', picked: compared });
      else if (isCompared) set({ compare: exchange });
      else if (picked === null) set({ picked: exchange });
      else if (picked.id === exchange.id) set({ picked: null });
      else set({ ...selection(picked), compare: exchange, picked: null, step: null });
    },
    putBack: () => set({ picked: null }),
    restore(selected, compared, facts) {
      set({ ...selection(selected), ...(facts !== null && { facts }), compare: compared ?? 'off', isLooping: false });
    },
    showTab: (tab) => set({ tab }),
    applyFilter,
    prepareFilter: (filterDraft) => set({ filterDraft }),
    setLooping: (isLooping) => set({ isLooping, step: null }),
    setPaused: (isPaused) => set({ isPaused }),
    setSpan: (span) => set({ span }),
    setStep: (step) => set({ step, ...(step !== null && { isLooping: false }) }),
    setStretch: (stretch) => set({ stretch, isStretchAuto: false }),
    setStretchAuto: (isStretchAuto) => set({ isStretchAuto }),
    setTeaching: (isTeaching) => set({ isTeaching, isStretchAuto: true }),
    showTable: (isTableOpen) => set({ isTableOpen }),
    setTheme: (theme) => set({ theme }),
    setFolded: (folded) => set({ folded }),
    setRedacted(isRedacted) {
      applyFilter('');
      set({ ...selection(null), compare: 'off', picked: null, isLooping: false, isRedacted });
    },
    feedAgain(feed) {
      // It says nothing about the connection as it is now.
      const { connection, gaps } = get();
      feed();
      set({ connection, gaps, ledger: shown.account.read() });
      refreshList();
    },
    dismissNotice: (key) => set({ notices: get().notices.filter((notice) => notice.key !== key) }),
  };
}

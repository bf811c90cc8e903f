// Every change of the page's state has a name here.
import { applyChanges, breaksPaths, type Exchange, subjectNames } from '@hopscope/model';
import {
  type Evidence,
  type EvidenceFrame,
  type Hello,
  type Notice,
  type TopologyPatch,
  type TopologySnapshot,
  whyIncompatible,
} from '@hopscope/protocol';
import { chooseStretch } from '../lib/stretch.ts';
import type { PageLedger } from './account.ts';
import type { Filtering } from './filtering.ts';
import { buildNames } from './names.ts';
import { comparedOf, type Gap, type PageState, type PanelTab, type Store, type Theme } from './store.ts';
import type { Traffic } from './traffic.ts';

export interface Actions {
  // From the wire.
  /** @param wallMs for the timeline */
  hello(hello: Hello, wallMs: number): void;
  topology(frame: TopologySnapshot): void;
  topologyPatch(frame: TopologyPatch): void;
  notice(frame: Notice): void;
  evidence(frame: EvidenceFrame): void;
  /** @param wallMs for the timeline */
  disconnected(reason: string, nowMs: number, wallMs: number): void;
  // From the clock, a few times a second.
  refresh(nowMs: number): void;
  // From the person.
  /** While comparing: the one to compare with. */
  select(exchange: Exchange | null): void;
  /** The next exchange that is selected stands beside the one selected now. */
  chooseCompared(): void;
  endCompare(): void;
  showTab(tab: PanelTab): void;
  /** Applies a filter, or nothing when it has an error: then it only stands in the box. */
  applyFilter(text: string): void;
  /** Puts it into the box without applying it. */
  prepareFilter(text: string): void;
  setLooping(isLooping: boolean): void;
  setPaused(isPaused: boolean): void;
  setStretch(stretch: number): void;
  setStretchAuto(isAuto: boolean): void;
  setTheme(theme: Theme): void;
  /** Stand-ins for names and addresses, or the originals again. Filter and selection are of the other kind: they end. */
  setRedacted(isRedacted: boolean): void;
  /** What came before is fed again by `feed`: the page shows that at once, also while paused, and nothing of before. */
  feedAgain(feed: () => void): void;
  dismissNotice(key: number): void;
}

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

export function createActions(store: Store, traffic: Traffic, filtering: Filtering): Actions {
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
    const passing = heldIds.flatMap((id) => traffic.exchange(id) ?? []).filter(filtering.passes);
    const dropped = passing.filter(({ verdict }) => verdict === 'dropped').length;
    set({ list: { ids: passing.map(({ id }) => id), held, dropped, version: listVersion } });
  }

  function refreshList(): void {
    if (traffic.version === listVersion) return;
    listVersion = traffic.version;
    heldIds = [...traffic.ids()];
    showList();
    set({
      rates: traffic.rates.read(),
      hasData: traffic.hasData,
    });
    const { selected } = get();
    const fresh = selected === null ? undefined : traffic.exchange(selected.id);
    if (fresh !== undefined && fresh !== selected) set(selection(fresh));
    const compared = comparedOf(get());
    const other = compared === null ? undefined : traffic.exchange(compared.id);
    if (other !== undefined && other !== compared) set({ compare: other });
  }

  /** Another filter, or other names: the same exchanges, seen anew. */
  function showFiltered(): void {
    traffic.showPathsOf(filtering.isOn ? filtering.passes : null);
    showList();
  }

  /** The ledger that names the stage comes up to a second after the gap. */
  function refreshLosses(): void {
    const { selected, losses } = get();
    if (selected?.incomplete !== true) return;
    const fresh = traffic.losses.during(selected);
    if (JSON.stringify(fresh) !== JSON.stringify(losses)) set({ losses: fresh });
  }

  /** The exchange with all that is known beside it. */
  function selection(selected: Exchange | null): Partial<PageState> {
    const losses = selected?.incomplete === true ? traffic.losses.during(selected) : [];
    return { selected, facts: factsOf(selected), losses };
  }

  const factsOf = (exchange: Exchange | null): Evidence =>
    exchange === null ? {} : traffic.evidence.factsAbout(exchange);

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
        set({ connection: { state: 'incompatible', reason }, hello });
        return;
      }
      const isAnew = traffic.begin(hello);
      // The agent tells every page its notices again.
      set({ connection: { state: 'live' }, hello, notices: [], gaps: closeGap(get().gaps, wallMs) });
      if (isAnew) set({ ...selection(null), compare: 'off', isLooping: false });
    },
    topology({ topology, version }) {
      set({ topology, topologyVersion: version, names: buildNames(topology) });
      filtering.setNames(subjectNames(topology));
    },
    topologyPatch({ version, changes }) {
      const topology = applyChanges(get().topology, changes);
      set({ topology, topologyVersion: version, names: buildNames(topology) });
      filtering.setNames(subjectNames(topology));
    },
    notice(frame) {
      noticeKey++;
      const notices = get().notices.filter((each) => each.text !== frame.text);
      set({ notices: [...notices, { ...frame, key: noticeKey }].slice(-NOTICES_KEPT) });
    },
    evidence(frame) {
      traffic.addEvidence(frame);
      const { selected, facts } = get();
      const fresh = factsOf(selected);
      // Also while paused: the exchange that is being looked at did not change, only what is known about it.
      if (selected !== null && fresh !== facts) set({ facts: fresh });
    },
    disconnected(reason, nowMs, wallMs) {
      const { connection } = get();
      if (connection.state === 'incompatible') return;
      const sinceMs = connection.state === 'reconnecting' ? connection.sinceMs : nowMs;
      const words = reason === '' && connection.state === 'reconnecting' ? connection.reason : reason;
      traffic.account.onDisconnected();
      set({ connection: { state: 'reconnecting', sinceMs, reason: words }, gaps: openGap(get().gaps, wallMs) });
    },
    refresh(nowMs) {
      const { connection, ledger, isLosing, isPaused, isStretchAuto, stretch } = get();
      const fresh = traffic.account.read();
      if (overwhelmed(fresh) > overwhelmed(ledger) && connection.state === 'live') lostAtMs = nowMs;
      if (JSON.stringify(fresh) !== JSON.stringify(ledger)) set({ ledger: fresh });
      if (nowMs - lostAtMs < LOSING_MS !== isLosing) set({ isLosing: !isLosing });
      refreshLosses();
      if (filtering.version !== filterVersion) showFiltered();
      if (isPaused) return;
      refreshList();
      const chosen = isStretchAuto ? chooseStretch(traffic.durationsNs, stretch) : stretch;
      if (chosen !== stretch) set({ stretch: chosen });
    },
    select(exchange) {
      const { selected, compare } = get();
      if (exchange === null) set({ ...selection(null), compare: 'off', isLooping: false });
      else if (compare === 'off' || selected === null) set(selection(exchange));
      else if (exchange.id !== selected.id) set({ compare: exchange });
    },
    chooseCompared: () => set({ compare: get().selected === null ? 'off' : 'choosing' }),
    endCompare: () => set({ compare: 'off' }),
    showTab: (tab) => set({ tab }),
    applyFilter,
    prepareFilter: (filterDraft) => set({ filterDraft }),
    setLooping: (isLooping) => set({ isLooping }),
    setPaused: (isPaused) => set({ isPaused }),
    setStretch: (stretch) => set({ stretch, isStretchAuto: false }),
    setStretchAuto: (isStretchAuto) => set({ isStretchAuto }),
    setTheme: (theme) => set({ theme }),
    setRedacted(isRedacted) {
      applyFilter('');
      set({ ...selection(null), compare: 'off', isLooping: false, isRedacted });
    },
    feedAgain(feed) {
      // It says nothing about the connection as it is now.
      const { connection, gaps } = get();
      feed();
      set({ connection, gaps, ledger: traffic.account.read() });
      refreshList();
    },
    dismissNotice: (key) => set({ notices: get().notices.filter((notice) => notice.key !== key) }),
  };
}

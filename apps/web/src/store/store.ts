// The page's state: everything that changes a few times a second at most. Never anything per packet (store/traffic.ts).
import type { Exchange } from '@hopscope/model';
import type { Evidence, Hello, NetnsId, Notice, Topology } from '@hopscope/protocol';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Span } from '../lib/time-span.ts';
import { EMPTY_LEDGER, type PageLedger, type StageLoss } from './account.ts';
import { buildNames, type Names } from './names.ts';
import type { TimeRange } from './shown.ts';

export type Connection =
  /** First try, nothing known yet. */
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** The agent went away. */
  | { readonly state: 'reconnecting'; readonly sinceMs: number; readonly reason: string }
  /** It answers, but not in our tongue; trying again is pointless until one of the two is replaced. */
  | { readonly state: 'incompatible'; readonly reason: string };

export interface NoticeItem extends Notice {
  readonly key: number;
}

/** What the side panel lists. */
export type PanelTab = 'exchanges' | 'paths';

export type Theme = 'system' | 'light' | 'dark' | 'contrast';

export interface Gap {
  readonly fromSecond: number;
  /** Null while it lasts. */
  readonly toSecond: number | null;
}

/** Looking back. */
export interface Moment {
  /** Wall-clock time. */
  readonly atMs: number;
  /** How much of the way there is done; below 1 what is shown is still from before. */
  readonly progress: number;
}

/** What the page says about the recording that it shows. */
export interface ShownRecording {
  /** Another one for each time that one is opened. */
  readonly play: string;
  /** The page is there for it: there is nothing to go back to. */
  readonly isOwn: boolean;
  /** What its author called it; may be empty. */
  readonly title: string;
  /** What its author had to say besides; may be empty. */
  readonly notes: string;
  /** Of the file. */
  readonly name: string;
  /** Wall-clock time. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly hops: number;
  readonly bytes: number;
  /** How much of it has been looked through, for the timeline: 0 to 1. */
  readonly surveyed: number;
  /** Why it is not whole. */
  readonly damage: string | null;
}

export const WHOLE_SPAN: Span = { lengthMs: 120_000, endMs: null };

/** The list at one moment. */
export interface ExchangeList {
  /** Oldest first; those that the filter lets through. */
  readonly ids: readonly number[];
  /** With those that it hides. */
  readonly held: number;
  /** How many of `ids` were dropped; null while no filter is set, and nobody counted. */
  readonly dropped: number | null;
  readonly version: number;
}

export interface PageState {
  readonly connection: Connection;
  readonly hello: Hello | null;
  readonly topology: Topology;
  readonly topologyVersion: number;
  readonly names: Names;
  readonly ledger: PageLedger;
  /** Hops were missed in the last seconds. */
  readonly isLosing: boolean;
  readonly list: ExchangeList;
  readonly tab: PanelTab;
  /** The display filter that is applied; empty: everything is shown. */
  readonly filter: string;
  /** What stands in the box: not applied yet where it differs. */
  readonly filterDraft: string;
  /** A UDP or TCP packet was seen. */
  readonly hasData: boolean;
  /** Drops among the exchanges that are shown. */
  readonly drops: number;
  /** Null: what is shown is now. */
  readonly moment: Moment | null;
  /** What is shown comes from it. Null: what comes now, or came in the last minutes. */
  readonly recording: ShownRecording | null;
  /** How fast a recording is played; 1 = as it happened. */
  readonly speed: number;
  /** It begins anew at its end. */
  readonly isRepeating: boolean;
  /** Only exchanges that began in it are listed and counted. */
  readonly range: TimeRange | null;
  /** The part of time that the timeline shows. */
  readonly span: Span;
  /** At which of its `stepsOf` the selected exchange's packet is held. */
  readonly step: number | null;
  /** Wall-clock seconds in which the page was not connected, oldest first; the last one may be open. */
  readonly gaps: readonly Gap[];
  readonly notices: readonly NoticeItem[];
  readonly isPaused: boolean;
  /** The selected exchange as last seen; it stays when the list has forgotten it. */
  readonly selected: Exchange | null;
  /** What was read from the machine's tables about its drop. */
  readonly facts: Evidence;
  /** What was lost while it was under way, where that made it incomplete. */
  readonly losses: readonly StageLoss[];
  /** Another exchange beside the selected one, or one is being chosen. */
  readonly compare: 'off' | 'choosing' | Exchange;
  /** The first of two that are picked in the list to be compared. */
  readonly picked: Exchange | null;
  readonly isLooping: boolean;
  readonly stretch: number;
  readonly isStretchAuto: boolean;
  /** The map is shown as tables. */
  readonly isTableOpen: boolean;
  readonly theme: Theme;
  /** Larger, slower, and it says what a packet passes. */
  readonly isTeaching: boolean;
  /** Namespaces that share one quiet box on the map. */
  readonly folded: readonly NetnsId[];
  /** What is shown are stand-ins. */
  readonly isRedacted: boolean;
}

/** The one that the selected exchange is compared with. */
export const comparedOf = ({ compare }: Pick<PageState, 'compare'>): Exchange | null =>
  typeof compare === 'string' ? null : compare;

export type Store = StoreApi<PageState>;

const EMPTY_TOPOLOGY: Topology = { namespaces: [] };

/** What somebody chose earlier. */
export type Settings = Pick<PageState, 'theme' | 'isRedacted' | 'isTeaching'>;

export function createPageStore(settings: Settings): Store {
  return createStore<PageState>(() => ({
    connection: { state: 'connecting' },
    hello: null,
    topology: EMPTY_TOPOLOGY,
    topologyVersion: 0,
    names: buildNames(EMPTY_TOPOLOGY),
    ledger: EMPTY_LEDGER,
    isLosing: false,
    list: { ids: [], held: 0, dropped: null, version: 0 },
    tab: 'exchanges',
    filter: '',
    filterDraft: '',
    hasData: false,
    drops: 0,
    moment: null,
    recording: null,
    speed: 1,
    isRepeating: false,
    range: null,
    span: WHOLE_SPAN,
    step: null,
    gaps: [],
    notices: [],
    isPaused: false,
    selected: null,
    facts: {},
    losses: [],
    compare: 'off',
    picked: null,
    isLooping: false,
    stretch: 50_000,
    isStretchAuto: true,
    isTableOpen: false,
    folded: [],
    ...settings,
  }));
}

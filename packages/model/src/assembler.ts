// Hops in, exchanges out. This file keeps the books: which segments there are, which exchange each belongs to, what was forgotten.
// What belongs together is decided in assembler/link.ts and pair.ts, what it means in assembler/*-view.ts.
import { type Hop, STAGE, type TimeNs } from '@hopscope/protocol';
import { continuation, isNewborn, mayBeTranslated, REORDER_NS } from './assembler/continuation.ts';
import { addEvidence, createEvidenceShelf } from './assembler/evidence.ts';
import {
  createLoneDraft,
  type ExchangeDraft,
  type ExchangeState,
  isOver,
  isUnsettled,
} from './assembler/exchange-state.ts';
import { buildExchange } from './assembler/exchange-view.ts';
import { createKeyIndex } from './assembler/key-index.ts';
import { createLosses } from './assembler/losses.ts';
import { createMergeIndex } from './assembler/merging.ts';
import { isSameDraft, matchExchanges, resolve, resolvePlain, startOf } from './assembler/resolve.ts';
import {
  firstOf,
  insertSighting,
  isSameFace,
  isUnseenArrival,
  parseAgain,
  type Segment,
  type Sighting,
} from './assembler/segment.ts';
import { belongsTo, createSegmentStore } from './assembler/segment-store.ts';
import { isEvidence, isFree, isQuestion, wayOf } from './assembler/stages.ts';
import type { Assembler, AssemblerOptions } from './exchange.ts';
import { parsePacket } from './packet.ts';

const DEFAULT_TIMEOUT_NS = 2_000_000_000;
const DEFAULT_KEEP = 10_000;
/** What drops a received packet does so at once, or when the program that holds the socket lets go of it. */
const QUIET_NS = 100_000_000;
/** Longer than a packet waits for its neighbour's address, of which nothing may be seen. */
const HELD_NS = 3_500_000_000;
/** A packet that waits for its neighbour's address was seen as a clone only; the kernel gives up after three seconds. */
const STRAY_NS = 10_000_000_000;

export function createAssembler(options: AssemblerOptions): Assembler {
  const { timeoutNs = DEFAULT_TIMEOUT_NS, keep = DEFAULT_KEEP } = options;
  const index = createKeyIndex();
  const store = createSegmentStore();
  const shelf = createEvidenceShelf();
  const merges = createMergeIndex();
  const losses = createLosses(timeoutNs);
  const exchanges = new Map<number, ExchangeState>();
  // A map keeps the order of creation. One iterator for good: a new one would walk over all that was ever deleted.
  const byAge = exchanges.values();
  /** Not final yet, in order of `sinceNs`. */
  const underWay = new Set<ExchangeState>();
  /** UDP and TCP packets that are home, in order of their last hop. */
  const home = new Set<ExchangeState>();
  /** Changed otherwise than by the hop just added: `advance` reports them. */
  const changed = new Set<number>();
  /** Shown with a drop whose location has no name yet. */
  const unnamed = new Set<ExchangeState>();
  /** Segments of no exchange (yet): later fragments without their first, clones without their packet. */
  const strays = new Set<Segment>();
  const locations = new Map<number, string>();
  let ordered: number[] | null = [];
  let nextId = 1;
  /** Time of the newest hop. */
  let newestNs = Number.NEGATIVE_INFINITY;
  let nowNs = Number.NEGATIVE_INFINITY;

  function isLossy(segment: Segment): boolean {
    return segment.exchange?.incomplete === true || losses.mayHideOther(segment);
  }

  function touch(exchange: ExchangeState): void {
    if (exchange.view === undefined) return;
    exchange.view = undefined;
    unnamed.delete(exchange);
    for (const segment of exchange.draft.segments) for (const part of segment.merged) tell(part.exchange);
  }

  /** It changed otherwise than by the hop just added. */
  function tell(exchange: ExchangeState | null): void {
    if (exchange === null) return;
    touch(exchange);
    changed.add(exchange.id);
  }

  function begin(draft: ExchangeDraft): ExchangeState {
    const exchange: ExchangeState = {
      id: nextId++,
      draft,
      startNs: 0,
      lastNs: Number.NEGATIVE_INFINITY,
      sinceNs: nowNs,
      incomplete: false,
      final: false,
      isHome: null,
      isQuiet: false,
      view: undefined,
    };
    exchanges.set(exchange.id, exchange);
    underWay.add(exchange);
    ordered = null;
    return exchange;
  }

  function drop(exchange: ExchangeState): void {
    exchanges.delete(exchange.id);
    underWay.delete(exchange);
    home.delete(exchange);
    unnamed.delete(exchange);
    ordered = null;
  }

  /** Whether it was under way at some time of a loss; what was over before has no hole. */
  function overlaps(exchange: ExchangeState, sinceNs: number, untilNs: number): boolean {
    if (exchange.startNs > untilNs) return false;
    if (exchange.lastNs >= sinceNs) return true;
    return !isOver(exchange) && exchange.lastNs + timeoutNs >= sinceNs;
  }

  function forgetSegment(segment: Segment): void {
    index.unregister(segment);
    store.remove(segment);
    strays.delete(segment);
    segment.exchange = null;
  }

  /** Its segments take no part in joining any more; their own hops still reach it. */
  function freeze(segment: Segment): void {
    const whole = segment.exchange === null ? [segment] : segment.exchange.draft.segments;
    for (const one of whole) index.unregister(one);
  }

  /** What is over and answered must not compete with the next packet that has the same addresses, id and sequence number. */
  function freezeFinished(segment: Segment): void {
    const startNs = firstOf(segment).hop.t;
    for (const entry of segment.keys) {
      if (entry.segments.length === 1) continue;
      for (const other of [...entry.segments]) {
        const { exchange } = other;
        if (other !== segment && exchange !== null && startNs - exchange.lastNs > REORDER_NS && isOver(exchange)) {
          freeze(other);
        }
      }
    }
    for (let oldest = index.crowd(segment); oldest !== null && oldest !== segment; oldest = index.crowd(segment)) {
      freeze(oldest);
    }
  }

  /**
   * A UDP or TCP packet that comes in order and goes on from none of those with the same headers is an exchange by itself: the same as
   * `settle` would find, without a look at what those are.
   */
  function placeNew(segment: Segment): boolean {
    const first = firstOf(segment);
    const flow = first.way === null ? null : index.flow(segment);
    if (flow === null) return false;
    const goesOnFromNone = (first.hop.stage === STAGE.net_dev_queue && isNewborn(first)) || isLossy(segment);
    for (let i = goesOnFromNone ? flow.length : 0; i < flow.length; i++) {
      const other = flow[i] as Segment;
      if (other !== segment && (other.isTranslated || continuation(other, segment, null) !== null)) return false;
    }
    const exchange = begin(createLoneDraft(segment));
    exchange.startNs = first.hop.t;
    segment.exchange = exchange;
    segment.simple = true;
    forgetOldest();
    return true;
  }

  /** Decides anew for this segment and all that share keys with it. */
  function settle(segment: Segment): void {
    const related = index.related(segment);
    const plain = resolvePlain(related, isLossy);
    if (plain !== null) {
      place(plain, related[0]?.exchange ?? undefined);
      for (const one of related) one.simple = true;
    } else settleAll(related);
    forgetOldest();
  }

  function settleAll(related: readonly Segment[]): void {
    const { drafts, isSimple } = resolve(related, isLossy, timeoutNs);
    const gone = new Set(related.map((one) => one.exchange));
    const placed = new Set<Segment>();
    const known = matchExchanges(drafts);
    for (const [i, draft] of drafts.entries()) {
      gone.delete(place(draft, known[i]));
      for (const one of draft.segments) placed.add(one);
    }
    for (const one of related) {
      one.simple = isSimple;
      if (placed.has(one)) continue;
      one.exchange = null;
      strays.add(one);
    }
    for (const exchange of gone) {
      if (exchange === null) continue;
      changed.add(exchange.id);
      drop(exchange);
    }
  }

  /** Makes `draft` what the exchange is, a new one when none is given. */
  function place(draft: ExchangeDraft, known: ExchangeState | undefined): ExchangeState {
    const exchange = known ?? begin(draft);
    if (known === undefined || !isSameDraft(known.draft, draft)) {
      changed.add(exchange.id);
      touch(exchange);
    }
    exchange.draft = draft;
    const startNs = startOf(draft);
    if (startNs !== exchange.startNs) ordered = null;
    exchange.startNs = startNs;
    for (const one of draft.segments) {
      if (one.exchange === exchange) continue;
      exchange.incomplete ||= one.exchange?.incomplete === true;
      exchange.lastNs = Math.max(exchange.lastNs, one.sightings.at(-1)?.hop.t ?? startNs);
      one.exchange = exchange;
      strays.delete(one);
    }
    return exchange;
  }

  function forgetOldest(): void {
    while (exchanges.size > keep) {
      const oldest = byAge.next().value;
      if (oldest === undefined) break;
      for (const one of oldest.draft.segments) forgetSegment(one);
      changed.delete(oldest.id);
      drop(oldest);
    }
    while (strays.size > keep) {
      const [oldest] = strays;
      if (oldest !== undefined) forgetSegment(oldest);
    }
  }

  /** Answers whether it may go on from another segment that used its skb. */
  function relateBySkb(segment: Segment, hop: Hop): boolean {
    let isRelated = false;
    for (let use = store.useSkb(segment, hop); use !== null; use = use.before) {
      if (!mayBeTranslated(use.segment, segment)) continue;
      index.relate(use.segment, segment);
      isRelated = true;
    }
    return isRelated;
  }

  /** Its own new hop changes what it is: only what is joined to it can stay. */
  function note(segment: Segment, hop: Hop): void {
    const { exchange } = segment;
    if (exchange === null) return;
    touch(exchange);
    if (hop.t > exchange.lastNs) exchange.lastNs = hop.t;
    exchange.isQuiet = false;
    if (exchange.final) {
      exchange.final = false;
      exchange.sinceNs = nowNs;
      underWay.add(exchange);
    }
  }

  /** A UDP or TCP packet was seen at a device. */
  function noteHome(exchange: ExchangeState, hop: Hop, dst: string): void {
    const isIn = hop.stage === STAGE.netif_receive_skb || hop.stage === STAGE.netif_receive_skb_entry;
    home.delete(exchange);
    exchange.isHome = isIn && hop.netns !== null ? (options.ownsAddress?.(hop.netns, dst) ?? null) : null;
    if (exchange.isHome === true) home.add(exchange);
  }

  /** How long it has to be silent before that is its verdict. */
  function patienceOf({ draft, isHome }: ExchangeState): number {
    const last = draft.request?.members.at(-1)?.segment;
    if (last?.kind !== 'data' || isHome !== null || last.sightings.at(-1)?.way !== 'in') return timeoutNs;
    return Math.max(timeoutNs, HELD_NS);
  }

  function addAbout(hop: Hop): number | null {
    const segment = hop.packet === 0 ? undefined : store.candidate(hop);
    if (segment === undefined) {
      if (hop.packet !== 0) shelf.keep(hop);
      return null;
    }
    if (!addEvidence(segment, hop) || segment.exchange === null) return null;
    touch(segment.exchange);
    return segment.exchange.id;
  }

  function merge(part: Segment, whole: Segment, t: number): void {
    part.mergedInto = whole;
    part.mergedNs = t;
    whole.merged = [...whole.merged, part];
    tell(part.exchange);
  }

  /** It is seen again: what GRO had put together was taken apart, as for a socket that wants single datagrams. */
  function separate(part: Segment): void {
    const whole = part.mergedInto;
    part.mergedInto = null;
    if (whole !== null) whole.merged = whole.merged.filter((one) => one !== part);
  }

  return {
    add(hop) {
      if (hop.t > nowNs) nowNs = hop.t;
      if (isEvidence(hop)) return addAbout(hop);
      if (hop.location > 0 && isQuestion(locations.get(hop.location))) return null;
      const candidate = store.candidate(hop);
      const parsed = candidate === undefined ? parsePacket(hop) : parseAgain(candidate, hop);
      const found = candidate !== undefined && belongsTo(candidate, hop, parsed) ? candidate : undefined;
      // The kernel's id says which packet it is, also where its headers were not whole.
      const packet = parsed ?? found?.sightings[0]?.packet;
      if (packet === undefined) return null;
      const segment = found ?? store.create(hop, packet, candidate ?? null);
      const isNew = segment.sightings.length === 0;
      const at = insertSighting(segment, { hop, packet, way: wayOf(hop.stage) });
      if (at === null) return segment.exchange?.id ?? null;
      if (at < 0) {
        if (segment.exchange !== null) segment.exchange.incomplete = true;
        return segment.exchange?.id ?? null;
      }
      const neighbour = segment.sightings[at === 0 ? 1 : at - 1];
      const isNewFace = neighbour === undefined || !isSameFace(neighbour.packet, packet);
      if (isNew) {
        shelf.giveTo(segment);
        index.register(segment, packet);
        freezeFinished(segment);
      } else if (isNewFace) {
        segment.isTranslated = true;
        if (segment.keys.length > 0) index.register(segment, packet);
      }
      const goesOn = neighbour !== undefined && hop.skb === neighbour.hop.skb && !isFree(neighbour.hop);
      const isRelated = !goesOn && relateBySkb(segment, hop);
      if (segment.mergedInto !== null && hop.t > segment.mergedNs) separate(segment);
      if (packet.kind === 'data') for (const part of merges.note(segment, hop, packet)) merge(part, segment, hop.t);
      // What happens later cannot change why something happened before.
      const isLate = hop.t < newestNs;
      if (!isLate) newestNs = hop.t;
      const isFrozen = segment.keys.length === 0 && segment.exchange !== null;
      // Where it ended may be the first word of a namespace it got to: a reply from there is its.
      const isElsewhere = neighbour?.hop.netns !== hop.netns && isUnseenArrival(segment, hop);
      note(segment, hop);
      const isOpen = isNew || isNewFace || isElsewhere || !segment.simple || segment.exchange === null;
      if ((isOpen || isRelated || isLate) && !isFrozen) {
        if (!isNew || isLate || isRelated || packet.kind !== 'data' || !placeNew(segment)) settle(segment);
        note(segment, hop);
      }
      if (segment.exchange === null) return null;
      if (isNew && losses.isHoled(segment)) segment.exchange.incomplete = true;
      const way = packet.kind === 'data' && !isLate ? wayOf(hop.stage) : null;
      if (options.ownsAddress !== undefined && way !== null) noteHome(segment.exchange, hop, packet.dst);
      if (changed.size > 0) changed.delete(segment.exchange.id);
      return segment.exchange.id;
    },

    addLocations(names) {
      for (const [at, text] of Object.entries(names)) locations.set(Number(at), text);
      for (const exchange of [...unnamed]) {
        if (!locations.has(exchange.view?.drop?.hop.location ?? 0)) continue;
        touch(exchange);
        changed.add(exchange.id);
      }
    },

    noteMissed(missed, sinceNs, untilNs = nowNs as TimeNs) {
      if (missed <= 0) return;
      losses.note(sinceNs ?? nowNs, untilNs);
      const affected = [...(sinceNs === undefined ? underWay : exchanges.values())].filter((exchange) =>
        overlaps(exchange, sinceNs ?? Number.NEGATIVE_INFINITY, untilNs),
      );
      for (const exchange of affected) {
        exchange.incomplete = true;
        tell(exchange);
      }
      // What was joined by headers alone may be wrong now.
      for (const exchange of affected) {
        for (const segment of exchanges.has(exchange.id) ? exchange.draft.segments : []) {
          if (!segment.simple && segment.keys.length > 0) settle(segment);
        }
      }
    },

    advance(now) {
      if (now > nowNs) nowNs = now;
      for (const exchange of home) {
        if (nowNs - exchange.lastNs <= QUIET_NS) break;
        home.delete(exchange);
        exchange.isQuiet = true;
        tell(exchange);
      }
      for (const exchange of underWay) {
        if (nowNs - exchange.sinceNs <= timeoutNs) break;
        if (nowNs - exchange.lastNs <= timeoutNs || nowNs - exchange.lastNs <= patienceOf(exchange)) continue;
        underWay.delete(exchange);
        exchange.final = true;
        if (isOver(exchange) && !isUnsettled(exchange)) continue;
        tell(exchange);
      }
      for (const segment of strays) {
        if (nowNs - (segment.sightings.at(-1)?.hop.t ?? nowNs) > STRAY_NS) forgetSegment(segment);
      }
      const ids = [...changed].sort((a, b) => a - b);
      changed.clear();
      return ids;
    },

    exchange(id) {
      const state = exchanges.get(id);
      if (state === undefined) return undefined;
      state.view ??= buildExchange(state, options.dropReasons, locations);
      if (state.view.drop !== null && state.view.drop.location === '' && state.view.drop.hop.location > 0)
        unnamed.add(state);
      return state.view;
    },

    mayHaveDropped(id) {
      const segments = exchanges.get(id)?.draft.segments ?? [];
      // What became of a packet that GRO made part of another became of that one.
      return segments.some(({ sightings, mergedInto }) => mergedInto !== null || sightings.some(isKill));
    },

    release(id) {
      const state = exchanges.get(id);
      // The views of packets that GRO made part of it are told by its view when it changes.
      const isWhole = state?.draft.segments.some((segment) => segment.merged.length > 0) === true;
      if (state === undefined || isWhole || unnamed.has(state)) return;
      state.view = undefined;
    },

    ids() {
      if (ordered === null) {
        const states = [...exchanges.values()].sort((a, b) => a.startNs - b.startNs || a.id - b.id);
        ordered = states.map((state) => state.id);
      }
      return ordered;
    },
  };
}

const isKill = ({ hop }: Sighting): boolean => hop.stage === STAGE.kfree_skb;

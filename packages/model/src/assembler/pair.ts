// Journeys → exchanges: which reply answers which request, and which packet an ICMP error is about.
//
// A reply is matched in the namespace where it was first seen: there the request wore the mirrored addresses, whatever NAT did to
// both elsewhere. Where it was first seen also tells why: made here, so the request must have come in here and not be over yet;
// come in by a device, so the request must have gone out, best by that very device.
import { STAGE } from '@hopscope/protocol';
import type { Packet, Quoted } from '../packet.ts';
import { JOIN_WINDOW_NS } from './continuation.ts';
import { createDraft, type ExchangeDraft, type JourneyDraft } from './exchange-state.ts';
import { isToGroup, kindOfQuoted } from './key-index.ts';
import { firstOf, isSameNetns, isUnseenArrival, lastBefore, type Segment, type Sighting } from './segment.ts';
import { isFree, isLastFree } from './stages.ts';

/** How well a place fits. 0: not at all. */
type Fit = 0 | 1 | 2 | 3 | 4;

/** An error about a packet that is refused before it reaches a device is sent before the packet's only hop, its drop. */
const ERROR_FIRST_NS = 1_000_000;

export interface PairOptions {
  readonly isLossy: (segment: Segment) => boolean;
  readonly isAmbiguous: (segment: Segment) => boolean;
  readonly timeoutNs: number;
}

interface Open {
  request: JourneyDraft | null;
  reply: JourneyDraft | null;
  errors: JourneyDraft[];
  ambiguous: boolean;
}

/** A journey that something may be an answer to. */
interface Candidate {
  readonly journey: JourneyDraft;
  readonly exchange: Open;
}

/** @param journeys in order of first sight */
export function pairJourneys(journeys: readonly JourneyDraft[], options: PairOptions): ExchangeDraft[] {
  const exchanges: Open[] = [];
  const begin = (part: Partial<Open>): Open => {
    const exchange = { request: null, reply: null, errors: [], ambiguous: false, ...part };
    exchanges.push(exchange);
    return exchange;
  };
  const ofKind = (kind: Packet['kind']): JourneyDraft[] =>
    journeys.filter((journey) => rootOf(journey).kind === kind && hasWay(journey));
  const isLossy = (journey: JourneyDraft): boolean => journey.members.some(({ segment }) => options.isLossy(segment));
  const isUnsure = (journey: JourneyDraft): boolean =>
    journey.members.some(({ segment }) => options.isAmbiguous(segment));

  const asRequest = (request: JourneyDraft): Candidate => {
    return { journey: request, exchange: begin({ request, ambiguous: isUnsure(request) }) };
  };
  const requests = ofKind('request').map(asRequest);
  // Nothing is awaited from UDP and TCP but errors about it.
  const seen = [...requests, ...ofKind('data').map(asRequest)];

  for (const reply of ofKind('reply')) {
    const first = firstCrossing(reply);
    const isFrom = (candidate: Candidate): Fit => fitOfRequest(candidate.journey, first);
    const unanswered = requests.filter(({ exchange }) => exchange.reply === null);
    const found = best(unanswered, isFrom, first, options.timeoutNs, isLossy(reply));
    const [only] = found;
    if (only !== undefined && found.length === 1) {
      only.exchange.reply = reply;
      only.exchange.ambiguous ||= isUnsure(reply);
      seen.push({ journey: reply, exchange: only.exchange });
      continue;
    }
    const own = begin({ reply, ambiguous: isUnsure(reply) });
    seen.push({ journey: reply, exchange: own });
    // A second answer is ordinary; but when hops were missed, the request that it belongs to may be among them.
    const doubtful =
      found.length === 0 && isLossy(reply) ? best(requests, isFrom, first, options.timeoutNs, true) : found;
    for (const { exchange } of doubtful) exchange.ambiguous = own.ambiguous = true;
  }

  for (const error of ofKind('error')) {
    const first = firstCrossing(error);
    const about = seen.filter(({ journey }) => isAbout(first.packet, journey));
    const isQuoted = (candidate: Candidate): Fit => fitOfQuoted(candidate.journey, first);
    const found = best(about, isQuoted, first, options.timeoutNs, isLossy(error));
    const [only] = found;
    if (only !== undefined && found.length === 1) {
      only.exchange.errors.push(error);
      only.exchange.ambiguous ||= isUnsure(error);
      continue;
    }
    const own = begin({ errors: [error], ambiguous: isUnsure(error) });
    for (const { exchange } of found) exchange.ambiguous = own.ambiguous = true;
  }
  return exchanges.map(createDraft);
}

/** Those that fit best, of those that are still under way; else of those that are not. */
function best(
  candidates: readonly Candidate[],
  fitOf: (candidate: Candidate) => Fit,
  first: Sighting,
  timeoutNs: number,
  isLossy: boolean,
): Candidate[] {
  const fitting = candidates
    .map((candidate) => ({
      candidate,
      fit: fitOf(candidate),
      isLive: first.hop.t - lastSeen(candidate.journey, first.hop.t) <= timeoutNs,
    }))
    // With hops missing only the strictest place counts: the one that would fit it may be unknown.
    .filter(({ fit }) => fit > (isLossy ? 2 : 0));
  const live = fitting.filter((one) => one.isLive);
  const pool = live.length > 0 ? live : fitting;
  const top = Math.max(...pool.map((one) => one.fit));
  return pool.filter((one) => one.fit === top).map(({ candidate }) => candidate);
}

function rootOf(journey: JourneyDraft): Segment {
  const root = journey.members[0];
  if (root === undefined) throw new Error('a journey has at least one segment');
  return root.segment;
}

/** A packet that was only seen in `consume_skb` has no way to show (yet). */
function hasWay(journey: JourneyDraft): boolean {
  return journey.members.some(({ segment }) =>
    segment.sightings.some(({ hop, way }) => way !== null || hop.stage === STAGE.kfree_skb),
  );
}

/** The first hop on a device, else the first. */
export function firstCrossing(journey: JourneyDraft): Sighting {
  let first: Sighting | null = null;
  for (const { segment } of journey.members) {
    const crossing = segment.sightings.find((one) => one.way !== null);
    if (crossing !== undefined && (first === null || crossing.hop.t < first.hop.t)) first = crossing;
  }
  return first ?? firstOf(rootOf(journey));
}

function lastSeen(journey: JourneyDraft, t: number): number {
  let last = Number.NEGATIVE_INFINITY;
  for (const { segment } of journey.members) last = Math.max(last, lastBefore(segment, t)?.hop.t ?? last);
  return last;
}

function isMirrored(request: Packet, reply: Packet): boolean {
  return (
    request.icmp !== null &&
    request.src === reply.dst &&
    (request.dst === reply.src || isToGroup(request)) &&
    request.icmp?.id === reply.icmp?.id &&
    request.icmp?.seq === reply.icmp?.seq
  );
}

/** Best fit of any hop of `request` as the cause of a reply first seen at `first`. */
export function fitOfRequest(request: JourneyDraft, first: Sighting): Fit {
  let fit: Fit = 0;
  for (const { segment } of request.members) {
    for (const sighting of segment.sightings) {
      if (!isMirrored(sighting.packet, first.packet) || !isPlaceOf(first, sighting)) continue;
      if (sighting.hop.t < first.hop.t) fit = Math.max(fit, fitOfPlace(segment, sighting, first)) as Fit;
      else if (first.way === 'out' && isAnsweredUnseen(segment, sighting, first)) fit = 3;
    }
  }
  return fit;
}

/**
 * No tracepoint tells that a packet is handed up to a macvlan in another namespace. That the kernel lets go of it there does, right after
 * it has answered.
 */
function isAnsweredUnseen(segment: Segment, sighting: Sighting, first: Sighting): boolean {
  return isUnseenArrival(segment, sighting.hop) && sighting.hop.t - first.hop.t <= JOIN_WINDOW_NS;
}

/** A packet dropped on its way out may be on no device yet: then any namespace will do. */
function isPlaceOf(first: Sighting, sighting: Sighting): boolean {
  return first.hop.netns === null || isSameNetns(first.hop, sighting.hop);
}

function fitOfPlace(segment: Segment, sighting: Sighting, first: Sighting): Fit {
  if (first.way === 'in') {
    if (sighting.way !== 'out') return 1;
    return sighting.hop.device === first.hop.device ? 3 : 2;
  }
  return sighting.way === 'in' && !isOver(segment, sighting, first) ? 3 : 1;
}

/** Its skb was freed between the two: what answers a packet in the kernel does so before it lets go of it. */
function isOver(segment: Segment, sighting: Sighting, first: Sighting): boolean {
  return segment.sightings.some(
    ({ hop }) => isFree(hop) && hop.skb === sighting.hop.skb && hop.t > sighting.hop.t && hop.t < first.hop.t,
  );
}

function isAbout({ quoted }: Packet, journey: JourneyDraft): boolean {
  return quoted !== null && rootOf(journey).kind === kindOfQuoted(quoted);
}

/** Whether these headers are those that were quoted: no NAT in between. */
function isQuotedBy(quoted: Quoted, packet: Packet): boolean {
  if (packet.src !== quoted.src || packet.dst !== quoted.dst || packet.protocol !== quoted.protocol) return false;
  if (quoted.icmp !== null) return packet.icmp?.id === quoted.icmp.id && packet.icmp.seq === quoted.icmp.seq;
  return (
    packet.ports?.src === quoted.ports?.src &&
    packet.ports?.dst === quoted.ports?.dst &&
    (packet.family === 6 || packet.ipId === quoted.ipId) &&
    (quoted.seq === null || packet.tcp === null || packet.tcp.seq === quoted.seq)
  );
}

/** Best fit of any hop of `journey` as the packet quoted by an error first seen at `first`. */
function fitOfQuoted(journey: JourneyDraft, first: Sighting): Fit {
  const { quoted } = first.packet;
  let fit: Fit = 0;
  if (quoted === null) return fit;
  for (const { segment } of journey.members) {
    for (const sighting of segment.sightings) {
      const { packet, hop, way } = sighting;
      if (hop.t > first.hop.t + ERROR_FIRST_NS) break;
      if (!isQuotedBy(quoted, packet)) continue;
      if (hop.netns !== null && !isPlaceOf(first, sighting)) continue;
      const isSameDevice = hop.device === first.hop.device;
      if (first.way === 'in') fit = Math.max(fit, way !== 'out' ? 1 : isSameDevice ? 3 : 2) as Fit;
      else {
        const isOver = segment.sightings.some((one) => isLastFree(one.hop) && one.hop.t < first.hop.t);
        // The error goes back where the packet came from.
        fit = Math.max(fit, isOver ? 1 : isSameDevice && way !== 'out' ? 4 : 3) as Fit;
      }
    }
  }
  return fit;
}

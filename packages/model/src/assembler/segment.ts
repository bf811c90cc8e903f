// A segment: all hops under one packet id of the kernel, in order of time. Journeys are made of segments.
import { type Hop, hasSameHeaders, type PacketId, STAGE } from '@hopscope/protocol';
import { type Packet, parsePacket } from '../packet.ts';
import type { ExchangeState } from './exchange-state.ts';
import type { KeyEntry } from './key-index.ts';
import { isFree } from './stages.ts';

/** A hop with what its headers say. */
export interface Sighting {
  readonly hop: Hop;
  readonly packet: Packet;
  /** Null: a free. */
  readonly way: 'out' | 'in' | null;
}

export interface Segment {
  /** In order of creation, unique in one assembler. */
  readonly serial: number;
  /** 0: the kernel could not track it; the segment is one skb's then. */
  readonly packetId: PacketId;
  readonly kind: Packet['kind'];
  readonly sightings: Sighting[];
  /** The segment before it under the same kernel id, when its own first hop showed that this is another packet. */
  before: Segment | null;
  isForgotten: boolean;
  /** Route lookups for it and ICMP errors about it, in order of time: what the kernel did, but no sight of the packet. */
  evidence: readonly Hop[];
  /** The segment that GRO made this one a part of. */
  mergedInto: Segment | null;
  mergedNs: number;
  /** The segments that GRO made part of this one. */
  merged: readonly Segment[];
  /** Index entries it can be found by; empty once it takes no part in joining any more. */
  keys: readonly KeyEntry[];
  exchange: ExchangeState | null;
  /** Its addresses or id were seen to change. */
  isTranslated: boolean;
  /** Hops that follow in order cannot change what it is joined to. */
  simple: boolean;
  /** A round number of the last search that met it. */
  mark: number;
}

/** A forwarding loop must not fill the memory: 255 hops (the largest TTL) × 8 stages, twice. */
const SIGHTINGS_MAX = 4096;

export function firstOf(segment: Segment): Sighting {
  const first = segment.sightings[0];
  if (first === undefined) throw new Error('a segment has at least one sighting');
  return first;
}

/** Most hops of a packet have the headers of the hop before: then the reading is shared, which saves most of the time and memory. */
export function parseAgain(segment: Segment, hop: Hop): Packet | null {
  const last = segment.sightings.at(-1);
  return last !== undefined && hasSameHeaders(last.hop, hop) ? last.packet : parsePacket(hop);
}

/** Ties are broken by what the hops say, not by when they arrived. */
export function compareHops(a: Hop, b: Hop): number {
  return a.t - b.t || a.stage - b.stage || a.skb - b.skb || a.ifindex - b.ifindex || a.index - b.index;
}

/** @returns where it was put; null when it was there already; -1 when there is no room for it */
export function insertSighting(segment: Segment, sighting: Sighting): number | null {
  const { sightings } = segment;
  const { hop } = sighting;
  let at = sightings.length;
  for (let i = at - 1; i >= 0; i--) {
    const other = (sightings[i] as Sighting).hop;
    if (other.t < hop.t) break;
    if (other.t === hop.t && other.skb === hop.skb && other.stage === hop.stage && other.device === hop.device)
      return null;
    if (compareHops(hop, other) < 0) at = i;
  }
  if (sightings.length >= SIGHTINGS_MAX) return -1;
  if (at === sightings.length) sightings.push(sighting);
  else sightings.splice(at, 0, sighting);
  return at;
}

/** Whether two header readings can be of one packet: what NAT, routing, tagging and tunnels leave alone. */
export function isSamePacket(a: Packet, b: Packet): boolean {
  if (a.kind !== b.kind || a.family !== b.family) return false;
  if (a.kind === 'error') return a.icmp?.type === b.icmp?.type && isSameQuote(a.quoted, b.quoted);
  if (a.kind === 'fragment') return a.ipId === b.ipId && a.fragment?.offsetBytes === b.fragment?.offsetBytes;
  if (a.kind === 'data') return a.protocol === b.protocol && isSameIpId(a, b) && isSameSegment(a.tcp, b.tcp);
  return isSameOrCut(a.icmp?.seq, b.icmp?.seq);
}

/** Whether the addresses, the ports and the ICMP id are the same, in the quoted packet too: no NAT in between. */
export function isSameFace(a: Packet, b: Packet): boolean {
  if (a === b) return true;
  return (
    a.src === b.src &&
    a.dst === b.dst &&
    a.ports?.src === b.ports?.src &&
    a.ports?.dst === b.ports?.dst &&
    isSameOrCut(a.icmp?.id, b.icmp?.id) &&
    isSameQuotedFace(a.quoted, b.quoted)
  );
}

/** In IPv6 only fragments have an id: reassembly takes it away, and fragmenting again gives a new one. */
export function isSameIpId(a: Packet, b: Packet): boolean {
  return a.ipId === b.ipId || (a.family === 6 && (a.fragment === null) !== (b.fragment === null));
}

/** Flags are left out: GRO adds those of the segments that it merges into this one. */
function isSameSegment(a: Packet['tcp'], b: Packet['tcp']): boolean {
  return a === null || b === null || (a.seq === b.seq && a.ack === b.ack);
}

function isSameQuote(a: Packet['quoted'], b: Packet['quoted']): boolean {
  return a === null || b === null || (a.protocol === b.protocol && isSameOrCut(a.icmp?.seq, b.icmp?.seq));
}

function isSameQuotedFace(a: Packet['quoted'], b: Packet['quoted']): boolean {
  return (
    a === null ||
    b === null ||
    (a.src === b.src &&
      a.dst === b.dst &&
      a.icmp?.id === b.icmp?.id &&
      a.ports?.src === b.ports?.src &&
      a.ports?.dst === b.ports?.dst)
  );
}

/** What the record cut off says nothing against it. */
function isSameOrCut(a: number | undefined, b: number | undefined): boolean {
  return a === b || a === undefined || b === undefined;
}

/** The last sighting at or before `t`. */
export function lastBefore(segment: Segment, t: number): Sighting | null {
  const { sightings } = segment;
  for (let i = sightings.length - 1; i >= 0; i--) {
    const sighting = sightings[i] as Sighting;
    if (sighting.hop.t <= t) return sighting;
  }
  return null;
}

/** Seen only in `consume_skb`: a clone that nobody needed, or the rest of a packet whose way was not seen. */
export function isOnlyConsumed(segment: Segment): boolean {
  return segment.sightings.every(({ hop }) => hop.stage === STAGE.consume_skb);
}

/** False when either was on no device. */
export function isSameNetns(a: Hop, b: Hop): boolean {
  return a.netnsInum === b.netnsInum && a.netns !== null && a.netns === b.netns;
}

/** Let go of in a namespace where it was never seen on a device. */
export function isUnseenArrival({ sightings }: Segment, hop: Hop): boolean {
  return isFree(hop) && hop.netns !== null && !sightings.some((one) => one.way !== null && isSameNetns(one.hop, hop));
}

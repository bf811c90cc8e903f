// Whether one segment is the same packet as another, although the kernel gave them two packet ids.
//
// It does so when the packet's data moved: the headroom was too small (the skb stays), an XDP program or a tunnel through user
// space rebuilt it (the skb goes). The kernel's ids are facts; what is decided here is evidence, so each rule asks for a reason
// why the packet could have got from where it was to where it is, and silence is the answer to everything else.
import { FLAG, STAGE } from '@hopscope/protocol';
import type { Join } from '../exchange.ts';
import {
  firstOf,
  isSameFace,
  isSameIpId,
  isSameNetns,
  isSamePacket,
  lastBefore,
  type Segment,
  type Sighting,
} from './segment.ts';
import { isFree, isLastFree } from './stages.ts';

/** A packet rebuilt by the kernel is on its way again within microseconds; one that went through a program takes a time slice or two. */
export const JOIN_WINDOW_NS = 100_000_000;
/** Hops of one packet from several CPUs arrive in order but for an interrupt's length; ten of the kernel's time slices are plenty. */
export const REORDER_NS = 10_000_000;
/** A copy is made before its original is freed, or right after. */
const COPY_NS = 1_000_000;

/**
 * How `later` goes on from `earlier`, or null when it does not.
 * @param held first sighting in `later` of an skb that was in use by `earlier` until then, and not freed
 */
export function continuation(earlier: Segment, later: Segment, held: Sighting | null): Join | null {
  const first = firstOf(later);
  const tip = lastBefore(earlier, first.hop.t);
  if (tip === null || first.hop.t - tip.hop.t > JOIN_WINDOW_NS) return null;
  if (!isSameIpId(tip.packet, first.packet)) return null;
  const from = lastCrossingBefore(earlier, first.hop.t) ?? tip;
  const isTranslated = !isSameFace(tip.packet, first.packet);
  if (held !== null && isPlausibleForSkb(from, tip, held)) {
    if (!isTranslated) return 'same-skb';
    // NAT copies headers that a sniffer's clone still shares, which gives the skb a new data area.
    const isOneEndKept = tip.packet.src === first.packet.src || tip.packet.dst === first.packet.dst;
    return isOneEndKept && isSamePacket(tip.packet, first.packet) ? 'nat' : null;
  }
  if (
    isTranslated ||
    (isNewborn(first) && !isCutOff(from, first)) ||
    hasPassed(earlier, first) ||
    isDropped(earlier, first.hop.t)
  )
    return null;
  if (isPlausible(from, first) || (first.way === null && isPlausible(tip, first))) {
    const isLate = from.way === 'in' && isLastFree(tip.hop) && first.hop.t - tip.hop.t > COPY_NS;
    return isLate ? null : 'rebuilt';
  }
  // It left by a wire and comes in by another, and only its headers say that it is the same: a router out of sight lies between.
  return from.way === 'out' && first.way === 'in' && first.packet.ttl < from.packet.ttl ? 'protocol' : null;
}

/**
 * Made here, no copy of anything: it belongs to a socket, which a copy never does, or is first seen as a clone that served to ask
 * for its neighbour. What comes in from a device may belong to the socket of the program behind it.
 */
export function isNewborn({ hop, packet, way }: Sighting): boolean {
  // A tunnel makes the kernel forget that the packet came in.
  const isMadeHere = way !== 'in' && (hop.flags & FLAG.FROM_HERE) !== 0 && packet.outer.length === 0;
  return isMadeHere || (isFree(hop) && !isLastFree(hop));
}

/** GSO: the device is handed a large packet and sends it in pieces, each in an skb of its own. The first one has its headers. */
function isCutOff(from: Sighting, first: Sighting): boolean {
  return (
    from.hop.stage === STAGE.net_dev_queue &&
    first.hop.stage === STAGE.net_dev_start_xmit &&
    from.hop.device === first.hop.device &&
    first.hop.len < from.hop.len &&
    first.hop.t - from.hop.t <= COPY_NS
  );
}

/** It is seen on a device after `first`, or it was where `first` is already: then `first` is another packet. */
function hasPassed(earlier: Segment, { hop, way }: Sighting): boolean {
  return earlier.sightings.some(
    (one) =>
      one.way !== null &&
      (one.hop.t > hop.t || (one.way === way && one.hop.device === hop.device && one.hop.stage >= hop.stage)),
  );
}

/** An skb that arrived at the other end of a wire may be freed there before anything else is seen of it. */
function isPlausibleForSkb(from: Sighting, tip: Sighting, held: Sighting): boolean {
  return isPlausible(from, held) || (held.way === null && (from.way === 'out' || isPlausible(tip, held)));
}

function lastCrossingBefore(segment: Segment, t: number): Sighting | null {
  const { sightings } = segment;
  for (let i = sightings.length - 1; i >= 0; i--) {
    const sighting = sightings[i] as Sighting;
    if (sighting.way !== null && sighting.hop.t <= t) return sighting;
  }
  return null;
}

function isDropped(segment: Segment, t: number): boolean {
  return segment.sightings.some(({ hop }) => hop.t <= t && hop.stage === STAGE.kfree_skb && isLastFree(hop));
}

/** Whether a packet seen last at `from` can be seen next at `to`. */
export function isPlausible(from: Sighting, to: Sighting): boolean {
  // A tunnel's device and the device under it need not be in one namespace.
  const isTunnelled = from.way === to.way && from.packet.outer.length !== to.packet.outer.length;
  const here = isTunnelled || isSameNetns(from.hop, to.hop);
  const ttlDrop = from.packet.ttl - to.packet.ttl;
  if (to.way === null) return (here || to.hop.netns === null) && (ttlDrop === 0 || ttlDrop === 1);
  const sameDevice = from.hop.device === to.hop.device;
  if (from.way === null) return here && to.way === 'out' && ttlDrop === 0;
  if (from.way === 'out') {
    // Over a wire, or down a stack of devices (a VLAN on top of a port).
    if (to.way === 'in') return ttlDrop === 0;
    return here && ttlDrop === 0 && (!sameDevice || to.hop.stage > from.hop.stage);
  }
  if (!here) return false;
  if (to.way === 'in') return ttlDrop === 0 && (!sameDevice || to.hop.stage > from.hop.stage);
  return ttlDrop === 0 || ttlDrop === 1; // bridged or routed
}

/**
 * Whether every change of addresses under one packet id can be NAT, which keeps the skb and happens where a packet comes through.
 * Else the id may cover two packets: an end that fires no tracepoint leaves it to the next one with the same data area.
 */
export function isTranslationPlausible(segment: Segment): boolean {
  return segment.sightings.every((to, i) => {
    if (i === 0 || isSameFace((segment.sightings[i - 1] as Sighting).packet, to.packet)) return true;
    const before = segment.sightings.slice(0, i);
    const ofSkb = before.findLast((from) => from.hop.skb === to.hop.skb);
    if (ofSkb !== undefined && !isFree(ofSkb.hop)) return true;
    return before.some((from) => isSameFace(from.packet, to.packet) || isPlausible(from, to));
  });
}

/** Segments that used one skb, and share no key because NAT changed the headers when the skb got another data area. */
export function mayBeTranslated(before: Segment, after: Segment): boolean {
  const last = before.sightings.at(-1);
  const first = firstOf(after);
  return (
    last !== undefined &&
    before.keys.length > 0 &&
    Math.abs(first.hop.t - last.hop.t) <= JOIN_WINDOW_NS &&
    first.packet.ipId === last.packet.ipId &&
    isSamePacket(last.packet, first.packet) &&
    !isSameFace(last.packet, first.packet)
  );
}

// Whether one segment is the same packet as another, although the kernel gave them two packet ids.
//
// It does so when the packet's data moved: the headroom was too small (the skb stays), an XDP program or a tunnel through user
// space rebuilt it (the skb goes). The kernel's ids are facts; what is decided here is evidence, so each rule asks for a reason
// why the packet could have got from where it was to where it is, and silence is the answer to everything else.
import { STAGE } from '@hopscope/protocol';
import type { Join } from '../exchange.ts';
import { firstOf, isSameFace, isSameNetns, lastBefore, type Segment, type Sighting } from './segment.ts';
import { isFree, isLastFree } from './stages.ts';

/** A packet rebuilt by the kernel is on its way again within microseconds; one that went through a program takes a time slice or two. */
export const JOIN_WINDOW_NS = 100_000_000;
/** A copy is made before its original is freed, or right after. */
const COPY_NS = 1_000_000;

/** How `later` goes on from `earlier`, or null when it does not. */
export function continuation(earlier: Segment, later: Segment): Join | null {
  const first = firstOf(later);
  const tip = lastBefore(earlier, first.hop.t);
  if (tip === null || first.hop.t - tip.hop.t > JOIN_WINDOW_NS) return null;
  if (!isSameFace(tip.packet, first.packet) || tip.packet.ipId !== first.packet.ipId) return null;
  const crossing = lastCrossingBefore(earlier, first.hop.t);
  const fits = isPlausible(crossing ?? tip, first);
  if (fits && skbGoesOn(earlier, first)) return 'same-skb';
  if (first.way !== null && earlier.sightings.some((one) => one.way !== null && one.hop.t > first.hop.t)) return null;
  const isOver = isLastFree(tip.hop);
  if (fits) {
    if (isDropped(earlier, first.hop.t)) return null;
    return isOver && crossing?.way === 'in' && first.hop.t - tip.hop.t > COPY_NS ? null : 'rebuilt';
  }
  return !isOver && isHeaderMatch(earlier, tip, first) ? 'protocol' : null;
}

function lastCrossingBefore(segment: Segment, t: number): Sighting | null {
  const { sightings } = segment;
  for (let i = sightings.length - 1; i >= 0; i--) {
    const sighting = sightings[i] as Sighting;
    if (sighting.way !== null && sighting.hop.t <= t) return sighting;
  }
  return null;
}

/** The skb was in use by `earlier` and not freed when it appeared with new data. */
function skbGoesOn(earlier: Segment, first: Sighting): boolean {
  let last: Sighting | null = null;
  for (const sighting of earlier.sightings) {
    if (sighting.hop.skb !== first.hop.skb) continue;
    if (sighting.hop.t > first.hop.t) return false;
    last = sighting;
  }
  return last !== null && !isFree(last.hop);
}

function isDropped(segment: Segment, t: number): boolean {
  return segment.sightings.some(({ hop }) => hop.t <= t && hop.stage === STAGE.kfree_skb && isLastFree(hop));
}

/** Whether a packet seen last at `from` can be seen next at `to`. */
export function isPlausible(from: Sighting, to: Sighting): boolean {
  const here = isSameNetns(from.hop, to.hop);
  const ttlDrop = from.packet.ttl - to.packet.ttl;
  if (to.way === null) return (here || to.hop.netns === null || from.way === 'out') && (ttlDrop === 0 || ttlDrop === 1);
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

/** Only the headers say that it is the same packet; where it was in between was not seen. */
function isHeaderMatch(earlier: Segment, tip: Sighting, first: Sighting): boolean {
  if (first.way === null || first.packet.ttl > tip.packet.ttl) return false;
  // A namespace is entered through a device: a packet first seen going out of one was made there, or was there before.
  if (first.way === 'out' && !isSameNetns(tip.hop, first.hop)) return false;
  return !earlier.sightings.some((one) => one.way === first.way && one.hop.device === first.hop.device);
}

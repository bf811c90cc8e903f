// Finds the segment that a hop belongs to by what the kernel says: its packet id, or where it had none left, its skb.
import type { Hop, PacketId, SkbId } from '@hopscope/protocol';
import type { Packet } from '../packet.ts';
import { isNewborn, isPlausible, JOIN_WINDOW_NS, REORDER_NS } from './continuation.ts';
import { firstOf, isSameFace, isSamePacket, lastBefore, type Segment, type Sighting } from './segment.ts';
import { isFree, wayOf } from './stages.ts';

export interface SegmentStore {
  /** The segment with the hop's packet id, else its skb's last. `belongsTo` says whether the hop is of that packet. */
  candidate(hop: Hop): Segment | undefined;
  create(hop: Hop, packet: Packet, before: Segment | null): Segment;
  /** Notes that `segment` uses the hop's skb now; answers whose it was lately. */
  useSkb(segment: Segment, hop: Hop): SkbUse | null;
  remove(segment: Segment): void;
}

interface SkbUse {
  readonly segment: Segment;
  /** The use before it. skbs are reused within microseconds and hops may come out of order by as much, so two are remembered. */
  before: SkbUse | null;
}

const NO_EVIDENCE: readonly Hop[] = [];
const NO_SEGMENTS: readonly Segment[] = [];

export function createSegmentStore(): SegmentStore {
  const tracked = new Map<PacketId, Segment>();
  /** The last untracked segment of each skb. */
  const untracked = new Map<SkbId, Segment>();
  const uses = new Map<SkbId, SkbUse>();
  let serial = 0;

  return {
    candidate(hop) {
      if (hop.packet === 0) return untracked.get(hop.skb);
      let segment = tracked.get(hop.packet);
      // A hop that comes late is of the packet that was there at its time.
      while (segment?.before && !segment.before.isForgotten && hop.t < firstOf(segment).hop.t) segment = segment.before;
      return segment;
    },
    create(hop, packet, before) {
      // Hops come late by milliseconds: two packets back is far enough, and an id may cover any number of them.
      if (before?.before) before.before.before = null;
      const segment: Segment = {
        serial: ++serial,
        packetId: hop.packet,
        kind: packet.kind,
        sightings: [],
        before,
        isForgotten: false,
        evidence: NO_EVIDENCE,
        mergedInto: null,
        mergedNs: 0,
        merged: NO_SEGMENTS,
        keys: [],
        exchange: null,
        isTranslated: false,
        simple: false,
        mark: 0,
      };
      if (hop.packet === 0) untracked.set(hop.skb, segment);
      else tracked.set(hop.packet, segment);
      return segment;
    },
    useSkb(segment, hop) {
      const before = uses.get(hop.skb) ?? null;
      if (before?.segment === segment) return null;
      if (before?.before) before.before.before = null;
      uses.set(hop.skb, { segment, before });
      return before;
    },
    remove(segment) {
      if (tracked.get(segment.packetId) === segment) {
        tracked.delete(segment.packetId);
      }
      segment.isForgotten = true;
      let skb: SkbId | null = null;
      for (const { hop } of segment.sightings) {
        if (hop.skb === skb) continue;
        skb = hop.skb;
        if (uses.get(hop.skb)?.segment === segment) uses.delete(hop.skb);
        if (untracked.get(hop.skb) === segment) untracked.delete(hop.skb);
      }
    },
  };
}

/** @param packet the hop's headers; null when they do not parse, which says nothing against the kernel's id */
export function belongsTo(segment: Segment, hop: Hop, packet: Packet | null): boolean {
  if (hop.packet === 0) return packet !== null && belongsToUntracked(segment, hop, packet);
  const known = segment.sightings.at(-1)?.packet;
  if (known === undefined || packet === null) return true;
  return (known === packet || isSamePacket(known, packet)) && !isReborn(segment, hop, packet);
}

/**
 * The end of the packet fired no tracepoint, its data area was used again, and the kernel side took the next packet there for the same
 * one: it is made anew after it had come in, or it wears addresses that no NAT can have given it.
 */
function isReborn(segment: Segment, hop: Hop, packet: Packet): boolean {
  const { sightings } = segment;
  const last = sightings.at(-1);
  if (last === undefined) return false;
  const to: Sighting = { hop, packet, way: wayOf(hop.stage) };
  if (to.way === 'out' && isNewborn(to) && sightings.some((one) => one.way === 'in' && one.hop.t < hop.t)) return true;
  // Whether it can be NAT is only known when nothing in between is still to come.
  const sinceNs = hop.t - last.hop.t;
  if (sinceNs <= REORDER_NS || isSameFace(last.packet, packet)) return false;
  if (last.hop.skb === hop.skb && !isFree(last.hop) && sinceNs <= JOIN_WINDOW_NS) return false;
  return !sightings.some((from) => isSameFace(from.packet, packet) || isPlausible(from, to));
}

function belongsToUntracked(segment: Segment, hop: Hop, packet: Packet): boolean {
  const before = lastBefore(segment, hop.t) ?? segment.sightings[0];
  if (before === undefined || Math.abs(hop.t - before.hop.t) > JOIN_WINDOW_NS) return false;
  if (!isSamePacket(before.packet, packet) || !isSameFace(before.packet, packet)) return false;
  if (before.packet.ipId !== packet.ipId) return false;
  const sighting = { hop, packet, way: wayOf(hop.stage) };
  const [from, to] = before.hop.t > hop.t ? [sighting, before] : [before, sighting];
  if (isDuplicate(before.hop, hop)) return true;
  // skbs are reused at once: what was freed is another packet's now, what jumps is, too.
  return !isFree(from.hop) && isPlausible(from, to);
}

function isDuplicate(a: Hop, b: Hop): boolean {
  return a.t === b.t && a.stage === b.stage && a.device === b.device;
}

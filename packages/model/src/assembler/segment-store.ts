// Finds the segment that a hop belongs to by what the kernel says: its packet id, or where it had none left, its skb.
import type { Hop, PacketId, SkbId } from '@hopscope/protocol';
import type { Packet } from '../packet.ts';
import { isPlausible, JOIN_WINDOW_NS } from './continuation.ts';
import { isSameFace, isSamePacket, lastBefore, type Segment } from './segment.ts';
import { isFree, wayOf } from './stages.ts';

export interface SegmentStore {
  /** The segment with the hop's packet id, else its skb's last. `belongsTo` says whether the hop is of that packet. */
  candidate(hop: Hop): Segment | undefined;
  create(hop: Hop, packet: Packet): Segment;
  remove(segment: Segment): void;
}

export function createSegmentStore(): SegmentStore {
  const tracked = new Map<PacketId, Segment>();
  /** The last untracked segment of each skb. */
  const untracked = new Map<SkbId, Segment>();
  let serial = 0;

  return {
    candidate(hop) {
      return hop.packet === 0 ? untracked.get(hop.skb) : tracked.get(hop.packet);
    },
    create(hop, packet) {
      const segment: Segment = {
        serial: ++serial,
        packetId: hop.packet,
        kind: packet.kind,
        sightings: [],
        keys: [],
        exchange: null,
        simple: false,
        mark: 0,
      };
      if (hop.packet === 0) untracked.set(hop.skb, segment);
      else tracked.set(hop.packet, segment);
      return segment;
    },
    remove(segment) {
      if (segment.packetId !== 0) {
        if (tracked.get(segment.packetId) === segment) tracked.delete(segment.packetId);
        return;
      }
      const skb = segment.sightings[0]?.hop.skb;
      if (skb !== undefined && untracked.get(skb) === segment) untracked.delete(skb);
    },
  };
}

/** @param packet the hop's headers; null when they do not parse, which says nothing against the kernel's id */
export function belongsTo(segment: Segment, hop: Hop, packet: Packet | null): boolean {
  if (hop.packet === 0) return packet !== null && belongsToUntracked(segment, hop, packet);
  const known = segment.sightings.at(-1)?.packet;
  if (known === undefined || packet === null || known === packet) return true;
  return isSamePacket(known, packet) && (isSameFace(known, packet) || mayBeTranslated(segment, hop, packet));
}

/**
 * Other addresses under one packet id are NAT, or a packet that got the data area of one whose end fired no tracepoint. NAT keeps
 * the skb and happens where a packet comes through.
 */
function mayBeTranslated(segment: Segment, hop: Hop, packet: Packet): boolean {
  const to = { hop, packet, way: wayOf(hop.stage) };
  const ofSkb = segment.sightings.findLast((one) => one.hop.skb === hop.skb && one.hop.t <= hop.t);
  if (ofSkb !== undefined && !isFree(ofSkb.hop)) return true;
  return segment.sightings.some((from) => isSameFace(from.packet, packet) || isPlausible(from, to));
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

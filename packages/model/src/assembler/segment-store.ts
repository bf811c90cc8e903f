// Finds the segment that a hop belongs to by what the kernel says: its packet id, or where it had none left, its skb.
import type { Hop, PacketId, SkbId } from '@hopscope/protocol';
import type { Packet } from '../packet.ts';
import { isPlausible, JOIN_WINDOW_NS } from './continuation.ts';
import { isSameFace, isSamePacket, lastBefore, type Segment } from './segment.ts';
import { isFree, wayOf } from './stages.ts';

export interface SegmentStore {
  /** @param packet the hop's headers; null when they do not parse, which says nothing against the kernel's id */
  find(hop: Hop, packet: Packet | null): Segment | undefined;
  create(hop: Hop, packet: Packet): Segment;
  remove(segment: Segment): void;
}

export function createSegmentStore(): SegmentStore {
  const tracked = new Map<PacketId, Segment>();
  /** The last untracked segment of each skb. */
  const untracked = new Map<SkbId, Segment>();
  let serial = 0;

  function findUntracked(hop: Hop, packet: Packet | null): Segment | undefined {
    const segment = untracked.get(hop.skb);
    if (segment === undefined || packet === null) return undefined;
    const before = lastBefore(segment, hop.t) ?? segment.sightings[0];
    if (before === undefined || Math.abs(hop.t - before.hop.t) > JOIN_WINDOW_NS) return undefined;
    if (!isSamePacket(before.packet, packet) || !isSameFace(before.packet, packet)) return undefined;
    if (before.packet.ipId !== packet.ipId) return undefined;
    const sighting = { hop, packet, way: wayOf(hop.stage) };
    const isEarlier = before.hop.t > hop.t;
    const [from, to] = isEarlier ? [sighting, before] : [before, sighting];
    // skbs are reused at once: what was freed is another packet's now, what jumps is, too.
    if (isFree(from.hop)) return undefined;
    return isDuplicate(before.hop, hop) || isPlausible(from, to) ? segment : undefined;
  }

  return {
    find(hop, packet) {
      if (hop.packet === 0) return findUntracked(hop, packet);
      const segment = tracked.get(hop.packet);
      const known = segment?.sightings[0]?.packet;
      if (known !== undefined && packet !== null && !isSamePacket(known, packet)) return undefined;
      return segment;
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

function isDuplicate(a: Hop, b: Hop): boolean {
  return a.t === b.t && a.stage === b.stage && a.device === b.device;
}

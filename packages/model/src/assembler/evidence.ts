// What the kernel did about a packet, kept beside its segment until a drop is shown.
import { type Hop, hasSameHeaders, type PacketId } from '@hopscope/protocol';
import type { Segment } from './segment.ts';

/** A packet is looked up a few times in each namespace it comes through. */
const PER_PACKET = 32;
/** Packets whose evidence came before their first sight: only an instant ahead, so few are enough. */
const AHEAD = 256;

export interface EvidenceShelf {
  /** Keeps a hop whose packet has not been seen. */
  keep(hop: Hop): void;
  /** Gives the new segment of a packet what was kept for it. */
  giveTo(segment: Segment): void;
}

export function createEvidenceShelf(): EvidenceShelf {
  const ahead = new Map<PacketId, Hop[]>();
  return {
    keep(hop) {
      const kept = ahead.get(hop.packet);
      if (kept === undefined) ahead.set(hop.packet, [hop]);
      else if (kept.length < PER_PACKET) kept.push(hop);
      const [oldest] = ahead.keys();
      if (ahead.size > AHEAD && oldest !== undefined) ahead.delete(oldest);
    },
    giveTo(segment) {
      if (ahead.size === 0) return;
      for (const hop of ahead.get(segment.packetId) ?? []) addEvidence(segment, hop);
      ahead.delete(segment.packetId);
    },
  };
}

/** Answers whether it is new. */
export function addEvidence(segment: Segment, hop: Hop): boolean {
  const { evidence } = segment;
  const isKnown = evidence.some((one) => one.t === hop.t && one.stage === hop.stage && hasSameHeaders(one, hop));
  if (isKnown || evidence.length >= PER_PACKET) return false;
  const at = evidence.findLastIndex((one) => one.t <= hop.t) + 1;
  segment.evidence = [...evidence.slice(0, at), hop, ...evidence.slice(at)];
  return true;
}

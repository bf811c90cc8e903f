// What the capture process read about drops. It comes some ms after the drop, for the packet that its records name.
import type { Evidence, EvidenceFrame } from '@hopscope/protocol';
import type { Drop, Exchange } from '../exchange.ts';

export interface EvidenceBook {
  /** Later facts about the same drop add to the earlier ones. */
  note(frame: EvidenceFrame): void;
  /** The same object until more comes; empty when nothing came. */
  factsOf(drop: Drop): Evidence;
  /** About its drop, or about its request that arrived and nobody answered. */
  factsAbout(exchange: Exchange): Evidence;
  clear(): void;
}

/** As many as the list has rows would never be read: drops of the last minutes are. */
const KEEP = 2000;
const NOTHING: Evidence = {};

export function createEvidenceBook(keep = KEEP): EvidenceBook {
  const facts = new Map<string, Evidence>();
  // A packet flooded to many ports can die in many ways; unanswered it is only once.
  const latest = new Map<number, Evidence>();
  const keyOf = (packet: number, t: number): string => `${packet} ${t}`;
  const factsOf = (drop: Drop): Evidence => facts.get(keyOf(drop.hop.packet, drop.t)) ?? NOTHING;

  function forgetOldest<Key>(map: Map<Key, Evidence>): void {
    const [oldest] = map.keys();
    if (map.size > keep && oldest !== undefined) map.delete(oldest);
  }

  return {
    note({ packet, t, facts: more }) {
      const key = keyOf(packet, t);
      const merged = { ...facts.get(key), ...more };
      facts.delete(key);
      facts.set(key, merged);
      latest.delete(packet);
      latest.set(packet, merged);
      forgetOldest(facts);
      forgetOldest(latest);
    },
    factsOf,
    factsAbout({ drop, request, reply }) {
      if (drop !== null) return factsOf(drop);
      if (request === null || reply !== null) return NOTHING;
      const [packet] = request.packets.filter((each) => latest.has(each));
      return (packet === undefined ? undefined : latest.get(packet)) ?? NOTHING;
    },
    clear() {
      facts.clear();
      latest.clear();
    },
  };
}

// What the capture process read about drops. It comes some ms after the drop, for the packet that its records name.
import type { Evidence, EvidenceFrame } from '@hopscope/protocol';
import type { Drop } from '../exchange.ts';

export interface EvidenceBook {
  /** Later facts about the same drop add to the earlier ones. */
  note(frame: EvidenceFrame): void;
  /** The same object until more comes; empty when nothing came. */
  factsOf(drop: Drop): Evidence;
  clear(): void;
}

/** As many as the list has rows would never be read: drops of the last minutes are. */
const KEEP = 2000;
const NOTHING: Evidence = {};

export function createEvidenceBook(keep = KEEP): EvidenceBook {
  const facts = new Map<string, Evidence>();
  const keyOf = (packet: number, t: number): string => `${packet} ${t}`;
  return {
    note({ packet, t, facts: more }) {
      const key = keyOf(packet, t);
      const merged = { ...facts.get(key), ...more };
      facts.delete(key);
      facts.set(key, merged);
      if (facts.size <= keep) return;
      const [oldest] = facts.keys();
      if (oldest !== undefined) facts.delete(oldest);
    },
    factsOf: (drop) => facts.get(keyOf(drop.hop.packet, drop.t)) ?? NOTHING,
    clear: () => facts.clear(),
  };
}

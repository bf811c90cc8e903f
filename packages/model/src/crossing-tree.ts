// A journey's crossings are in order of time; a flooded packet has several at once. This finds which crossing each came from.
import type { Crossing } from './exchange.ts';

/** Index of the crossing that crossing `i` (> 0) comes from: that of the same skb, else where a clone of it can have left from. */
export function parentOf(crossings: readonly Crossing[], i: number): number {
  const own = crossings[i] as Crossing;
  const skb = own.hops[0]?.skb;
  let cameIn = -1;
  for (let j = i - 1; j >= 0; j--) {
    const before = crossings[j] as Crossing;
    if (before.hops.some((hop) => hop.skb === skb)) return j;
    if (cameIn < 0 && own.way === 'out' && before.way === 'in' && before.netns === own.netns) cameIn = j;
  }
  return cameIn >= 0 ? cameIn : i - 1;
}

/** The crossings from the first one to crossing `tip`, branches left out. */
export function lineTo(crossings: readonly Crossing[], tip: number): Crossing[] {
  const line: Crossing[] = [];
  for (let i = tip; i >= 0; i = i === 0 ? -1 : parentOf(crossings, i)) line.unshift(crossings[i] as Crossing);
  return line;
}

/** Without the later fragments, which travel beside the first one. */
export function wholeCrossings(crossings: readonly Crossing[]): readonly Crossing[] {
  return crossings.some(({ packet }) => packet.kind === 'fragment')
    ? crossings.filter(({ packet }) => packet.kind !== 'fragment')
    : crossings;
}

// A journey's crossings are in order of time; a flooded packet has several at once. This finds which crossing each came from.
import type { Crossing } from './exchange.ts';

/**
 * Index of the crossing that crossing `i` (> 0) comes from: that of the same skb. A new skb is a clone or a copy: one that comes in left
 * another device before; one that goes out was made of the skb that is last seen in this namespace and is seen there again later.
 */
export function parentOf(crossings: readonly Crossing[], i: number): number {
  const own = crossings[i] as Crossing;
  const skb = own.hops[0]?.skb;
  let left = -1;
  let cameIn = -1;
  let goesOn = -1;
  for (let j = i - 1; j >= 0; j--) {
    const before = crossings[j] as Crossing;
    if (before.hops.some((hop) => hop.skb === skb)) return j;
    if (left < 0 && before.way === 'out' && before.device !== own.device) left = j;
    if (before.netns !== own.netns) continue;
    if (cameIn < 0 && before.way === 'in') cameIn = j;
    if (goesOn < 0 && own.way === 'out' && isSeenAgain(crossings, before, i)) goesOn = j;
  }
  const found = own.way === 'in' ? [left] : [goesOn, cameIn];
  return found.find((j) => j >= 0) ?? i - 1;
}

/** An skb of `crossing` is in its namespace again after crossing `i`: then crossing `i` is a branch. */
function isSeenAgain(crossings: readonly Crossing[], crossing: Crossing, i: number): boolean {
  return crossings.some(
    ({ netns, hops }, k) =>
      k > i && netns === crossing.netns && hops.some(({ skb }) => crossing.hops.some((hop) => hop.skb === skb)),
  );
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

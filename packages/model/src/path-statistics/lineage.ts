// Which crossing of a journey came from which: a flooded packet is a tree, and its path is the branch that got there.
import type { Crossing, Drop, Journey } from '../exchange.ts';

/** Everything that carries the packet's L4 header; the later fragments only when there is nothing else. */
export function leadingCrossings({ crossings }: Journey): readonly Crossing[] {
  const leading = crossings.filter(({ packet }) => packet.kind !== 'fragment');
  return leading.length === 0 ? crossings : leading;
}

/**
 * For each crossing the index of the one it came from, -1 for the first. The same skb goes on; where a new one appears, it is a clone
 * or a copy of the one that was last in this namespace and is still seen there afterwards.
 */
export function parentsOf(crossings: readonly Crossing[]): number[] {
  const skbs = crossings.map(({ hops }) => new Set(hops.map(({ skb }) => skb)));
  const isSeenLater = (j: number, i: number, netns: Crossing['netns']) =>
    crossings.some((one, k) => k > i && one.netns === netns && one.hops.some(({ skb }) => skbs[j]?.has(skb)));
  return crossings.map((own, i) => {
    if (i === 0) return -1;
    const skb = own.hops[0]?.skb;
    const before = crossings.slice(0, i);
    const same = skb === undefined ? -1 : skbs.findLastIndex((each, j) => j < i && each.has(skb));
    if (same >= 0) return same;
    if (own.way === 'in') {
      const left = before.findLastIndex(({ way, device }) => way === 'out' && device !== own.device);
      return left >= 0 ? left : i - 1;
    }
    const here = before.flatMap(({ netns }, j) => (netns === own.netns ? [j] : []));
    return (
      here.findLast((j) => isSeenLater(j, i, own.netns)) ??
      here.findLast((j) => before[j]?.way === 'in') ??
      here.at(-1) ??
      i - 1
    );
  });
}

/** Indexes of the crossings that lead to crossing `end`, in order. */
export function lineTo(parents: readonly number[], end: number): number[] {
  const line: number[] = [];
  for (let i = end; i >= 0; i = parents[i] ?? -1) line.unshift(i);
  return line;
}

/** Where the request got to: where its reply began, else where it was dropped, else where it was seen last. -1 without crossings. */
export function endOfRequest(crossings: readonly Crossing[], reply: Journey | null, drop: Drop | null): number {
  const answered = reply?.crossings[0];
  if (answered !== undefined) {
    const device = crossings.findLastIndex((one) => one.device === answered.device);
    if (device >= 0) return device;
    const netns = crossings.findLastIndex((one) => one.netns === answered.netns);
    if (netns >= 0) return netns;
  }
  return endAtDrop(crossings, drop);
}

/** Where the reply got to: back where the request began, else where it was dropped, else where it was seen last. */
export function endOfReply(crossings: readonly Crossing[], request: Journey | null, drop: Drop | null): number {
  const asked = request?.crossings[0];
  const back = asked === undefined ? -1 : crossings.findLastIndex((one) => one.netns === asked.netns);
  return back >= 0 ? back : endAtDrop(crossings, drop);
}

function endAtDrop(crossings: readonly Crossing[], drop: Drop | null): number {
  if (drop === null) return crossings.length - 1;
  const same = crossings.findLastIndex(({ hops }) => hops.some(({ skb }) => skb === drop.hop.skb));
  return same >= 0 ? same : crossings.length - 1;
}

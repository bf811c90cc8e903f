// Where a packet got to: the end of the one line through a flooded packet's branches that makes its path.
import { wholeCrossings } from '../crossing-tree.ts';
import type { Crossing, Drop, Journey } from '../exchange.ts';

/** Everything that carries the packet's L4 header; the later fragments only when there is nothing else. */
export function leadingCrossings({ crossings }: Journey): readonly Crossing[] {
  const leading = wholeCrossings(crossings);
  return leading.length === 0 ? crossings : leading;
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

// Two exchanges side by side, in words: where they part, and what differs in their headers.
import type { ComparedHop, Comparison, Crossing, Exchange, HeaderChange, Journey } from '@hopscope/model';
import { plural } from '../lib/format.ts';
import type { Names } from './names.ts';
import { dropPlace } from './words.ts';

/** The left one is A, the right one B. */
export type Side = 'left' | 'right';
export const SIDE_NAMES: Readonly<Record<Side, string>> = { left: 'A', right: 'B' };
const SIDES: readonly Side[] = ['left', 'right'];

export interface ComparedRow {
  readonly key: string;
  readonly hop: ComparedHop;
  /** That the row before did not have. */
  readonly headers: readonly HeaderChange[];
  readonly isFirstDifference: boolean;
  /** The first hop of the reply, or of an error. */
  readonly isTurn: boolean;
}

export function comparedRows({ hops, firstDifference }: Comparison): ComparedRow[] {
  let known = new Set<string>();
  return hops.map((hop, i) => {
    const isTurn = i > 0 && hops[i - 1]?.direction !== hop.direction;
    const keyed = hop.headers.map((change) => ({ change, key: `${change.field} ${change.before} ${change.after}` }));
    const headers = keyed.filter(({ key }) => isTurn || !known.has(key)).map(({ change }) => change);
    if (hop.left !== null && hop.right !== null) known = new Set(keyed.map(({ key }) => key));
    return { key: `${i} ${crossingOf(hop)?.device}`, hop, headers, isTurn, isFirstDifference: i === firstDifference };
  });
}

const crossingOf = (hop: ComparedHop): Crossing | undefined => (hop.left ?? hop.right)?.crossing;

/** `The first 3 hops are the same. Then A goes on to eth0 in host, and B was dropped at docker0 in host: NETFILTER_DROP.` */
export function partingSentence({ hops, firstDifference }: Comparison, left: Exchange, right: Exchange, names: Names) {
  if (hops.length === 0) return 'Neither was seen at any device.';
  if (firstDifference === null) return `Both took the same way: ${plural(hops.length, 'hop')}.`;
  const first = hops[firstDifference] as ComparedHop;
  // Up to where they meet again.
  const meet = hops.findIndex(
    (hop, i) => i > firstDifference && ((hop.left !== null && hop.right !== null) || hop.direction !== first.direction),
  );
  const apart = hops.slice(firstDifference, meet < 0 ? hops.length : meet);
  const exchanges = { left, right };
  const went = SIDES.map((side) => {
    const next = apart.find((hop) => hop[side] !== null)?.[side]?.crossing;
    const does = next === undefined ? insteadOf(exchanges[side], first, hops, meet, names) : wayTo(next, names);
    return `${SIDE_NAMES[side]} ${does}`;
  });
  const start =
    firstDifference === 0
      ? ''
      : `The first ${plural(firstDifference, 'hop')} ${firstDifference === 1 ? 'is' : 'are'} the same. Then `;
  const again = hops[meet]?.direction === first.direction ? hops[meet]?.left?.crossing : undefined;
  const met = again === undefined ? '' : ` They meet again at ${again.ifname} in ${names.namespace(again.netns)}.`;
  const parting = `${start}${went.join(', and ')}.${met}`;
  const ends = SIDES.map((side) => endOf(side, exchanges[side], names)).filter(
    (end) => end !== '' && !parting.includes(end),
  );
  return [parting, ...ends.map((end) => `${end}.`)].join(' ');
}

/** `B was dropped at docker0 in host: NETFILTER_DROP`; empty when it was not. */
const endOf = (side: Side, exchange: Exchange, names: Names): string =>
  exchange.drop === null
    ? ''
    : `${SIDE_NAMES[side]} was dropped at ${dropPlace(exchange, names)}: ${exchange.drop.reason}`;

const wayTo = ({ way, ifname, netns }: Crossing, names: Names): string =>
  `${way === 'out' ? 'is sent to' : 'comes in at'} ${ifname} in ${names.namespace(netns)}`;

/** What became of the one that does not cross what the other does. */
function insteadOf(
  exchange: Exchange,
  { direction }: ComparedHop,
  hops: readonly ComparedHop[],
  meet: number,
  names: Names,
) {
  const journey = journeyOf(exchange, direction);
  if (meet >= 0 && hops[meet]?.direction === direction) return 'does not';
  if (journey === null) return `has no ${direction}`;
  if (journey.drop !== null)
    return `was dropped at ${dropPlace({ ...exchange, drop: journey.drop }, names)}: ${journey.drop.reason}`;
  return journey.verdict === 'delivered' ? 'had arrived' : 'was not seen any more';
}

function journeyOf({ request, reply, errors }: Exchange, direction: Journey['direction']): Journey | null {
  return direction === 'request' ? request : direction === 'reply' ? reply : (errors[0] ?? null);
}

// Two exchanges side by side: it worked and it did not, from the host and from a container. Hops are lined up by device and direction;
// what one crossed and the other did not stands alone in its row.
import type { Crossing, Exchange, Journey } from './exchange.ts';
import { type HeaderChange, headerChanges } from './header-changes.ts';

export interface ComparedHop {
  readonly direction: Journey['direction'];
  /** Null: the exchange on this side did not cross this device here. */
  readonly left: ComparedSide | null;
  readonly right: ComparedSide | null;
  /** Right minus left, ns since the start of each exchange; null where one is missing. */
  readonly differenceNs: number | null;
  /** From left to right; empty where one is missing. */
  readonly headers: readonly HeaderChange[];
}

export interface ComparedSide {
  readonly crossing: Crossing;
  /** ns since the exchange began. */
  readonly sinceNs: number;
}

export interface Comparison {
  readonly hops: readonly ComparedHop[];
  /** Index of the first row with a device that only one of them crossed; null when both took the same way. */
  readonly firstDifference: number | null;
}

/** The request's hops, then the reply's, then those of ICMP errors, each in order of time. */
export function compareExchanges(left: Exchange, right: Exchange): Comparison {
  const hops = [
    ...compareJourneys(left, left.request, right, right.request),
    ...compareJourneys(left, left.reply, right, right.reply),
    ...Array.from({ length: Math.max(left.errors.length, right.errors.length) }, (_, i) =>
      compareJourneys(left, left.errors[i] ?? null, right, right.errors[i] ?? null),
    ).flat(),
  ];
  const firstDifference = hops.findIndex((hop) => hop.left === null || hop.right === null);
  return { hops, firstDifference: firstDifference < 0 ? null : firstDifference };
}

function compareJourneys(
  left: Exchange,
  leftJourney: Journey | null,
  right: Exchange,
  rightJourney: Journey | null,
): ComparedHop[] {
  const direction = (leftJourney ?? rightJourney)?.direction ?? 'request';
  const side = (exchange: Exchange, crossing: Crossing | undefined): ComparedSide | null =>
    crossing === undefined ? null : { crossing, sinceNs: crossing.t - exchange.startNs };
  return alignCrossings(leftJourney?.crossings ?? [], rightJourney?.crossings ?? []).map(([a, b]) => {
    const [l, r] = [side(left, a), side(right, b)];
    return {
      direction,
      left: l,
      right: r,
      differenceNs: l === null || r === null ? null : r.sinceNs - l.sinceNs,
      headers: a === undefined || b === undefined ? [] : headerChanges(a.packet, b.packet),
    };
  });
}

type Pair = readonly [left: Crossing | undefined, right: Crossing | undefined];

/** A forwarding loop can have thousands of crossings; beyond this many no more are lined up. */
const LONGEST = 500;

/** The longest common subsequence of devices and directions; what is not in it stands between, left before right. */
function alignCrossings(left: readonly Crossing[], right: readonly Crossing[]): Pair[] {
  const a = left.slice(0, LONGEST);
  const b = right.slice(0, LONGEST);
  const isSame = (i: number, j: number) => a[i]?.device === b[j]?.device && a[i]?.way === b[j]?.way;
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      longest[i * width + j] = isSame(i, j) ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: Pair[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && isSame(i, j)) pairs.push([a[i++], b[j++]]);
    else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) pairs.push([a[i++], undefined]);
    else pairs.push([undefined, b[j++]]);
  }
  return pairs;
}

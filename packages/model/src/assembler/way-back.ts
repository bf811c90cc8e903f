// Whether a reply came back by another way than its request went.
import { lineTo, wholeCrossings } from '../crossing-tree.ts';
import type { Crossing, Journey } from '../exchange.ts';

interface Stay {
  readonly device: string;
  /** Its packets come in without a trace of it, as through a VLAN or macvlan on top of another device. */
  isSilentInward: boolean;
}

/**
 * Whether the reply crossed other devices than the request, or in another order. Branches that a bridge flooded are no part of the
 * way. Null when one of the two was not seen to get where the other began.
 */
export function isOtherWay(request: Journey, reply: Journey): boolean | null {
  const there = wholeCrossings(request.crossings);
  const back = wholeCrossings(reply.crossings);
  const wayThere = wayTo(there, back[0]);
  const wayBack = wayTo(back, there[0]);
  return wayThere && wayBack && !isSameWay(wayThere, wayBack.reverse());
}

/** The devices on the way to where the answer was first seen; null when it was not seen there. */
function wayTo(crossings: readonly Crossing[], answer: Crossing | undefined): Stay[] | null {
  if (answer === undefined) return null;
  const way = answer.way === 'out' ? 'in' : 'out';
  const tip = crossings.findLastIndex((one) => one.way === way && one.netns === answer.netns);
  return tip < 0 ? null : staysOf(lineTo(crossings, tip));
}

/** Each device once, where it was crossed in both ways at one go (a loopback, a packet that turns round). */
function staysOf(line: readonly Crossing[]): Stay[] {
  const stays: Stay[] = [];
  for (const [i, { device, way }] of line.entries()) {
    if (device === line[i - 1]?.device) continue;
    stays.push({ device, isSilentInward: way === 'out' && line[i + 1]?.way === 'out' });
  }
  return stays;
}

function isSameWay(a: readonly Stay[], b: readonly Stay[]): boolean {
  const inA = new Set(a.map(({ device }) => device));
  const inB = new Set(b.map(({ device }) => device));
  const left = a.filter(({ device, isSilentInward }) => !isSilentInward || inB.has(device));
  const right = b.filter(({ device, isSilentInward }) => !isSilentInward || inA.has(device));
  return left.length === right.length && left.every(({ device }, i) => device === right[i]?.device);
}

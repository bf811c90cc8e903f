// Times of an exchange, read off its crossings: how long from each device until the reply was back there, and how long each stretch
// between two devices took there and back. Later fragments are left out: the first one stands for its packet.
import type { DeviceId, NetnsId } from '@hopscope/protocol';
import { parentOf, wholeCrossings } from './crossing-tree.ts';
import type { Crossing, Exchange, Journey } from './exchange.ts';

export interface Place {
  readonly device: DeviceId;
  readonly netns: NetnsId;
  readonly ifname: string;
}

/** One crossing of the request, and how long the rest of the exchange took from there. */
export interface RoundTrip extends Place {
  readonly way: Crossing['way'];
  /**
   * ns from the request's first stage here to the reply's last stage here, in the opposite way: for the first device the exchange's
   * `rttNs`. Null when the reply was not seen here (yet): there is none, it took another way, or this is a flooded branch.
   */
  readonly rttNs: number | null;
}

/** Two devices that the request crossed one after the other. */
export interface PathSegment {
  readonly from: Place;
  readonly to: Place;
  /** ns from the first stage at `from` to the first at `to`: the stay at `from` is in it, queues and softirq backlog included. */
  readonly outNs: number;
  /** ns that the reply took from `to` to `from`, measured alike; null when it was not seen to go from one to the other. */
  readonly backNs: number | null;
}

/** One entry for each crossing of the request, in order of time; empty when the request was not seen. */
export function roundTripsOf({ request, reply }: Exchange): RoundTrip[] {
  const back = byKey(crossingsOf(reply), ({ device, way }) => `${device} ${way}`);
  return crossingsOf(request).map((crossing) => {
    const { device, netns, ifname, way, t } = crossing;
    // A device crossed several times is crossed in the opposite order on the way back.
    const mirrored = back.get(`${device} ${way === 'out' ? 'in' : 'out'}`)?.pop();
    const last = mirrored?.hops.at(-1);
    return { device, netns, ifname, way, rttNs: last === undefined || last.t < t ? null : last.t - t };
  });
}

/** In order of time; each branch of a flooded request has segments of its own. Empty when the request was not seen. */
export function segmentsOf({ request, reply }: Exchange): PathSegment[] {
  const back = byKey(stretchesOf(reply), ({ from, to }) => `${to.device} ${from.device}`);
  return stretchesOf(request).map(({ from, to, ns }) => ({
    from,
    to,
    outNs: ns,
    backNs: back.get(`${from.device} ${to.device}`)?.pop()?.ns ?? null,
  }));
}

interface Stretch {
  readonly from: Place;
  readonly to: Place;
  readonly ns: number;
}

/** One device, from its first crossing on: in and out again, or out and in again on a loopback, are one stay. */
interface Stay {
  readonly place: Place;
  readonly t: number;
}

function stretchesOf(journey: Journey | null): Stretch[] {
  const crossings = crossingsOf(journey);
  const stays: Stay[] = [];
  const stretches: Stretch[] = [];
  for (const [i, { device, netns, ifname, t }] of crossings.entries()) {
    const before = i === 0 ? undefined : stays[parentOf(crossings, i)];
    if (before?.place.device === device) {
      stays.push(before);
      continue;
    }
    const place = { device, netns, ifname };
    stays.push({ place, t });
    if (before !== undefined) stretches.push({ from: before.place, to: place, ns: t - before.t });
  }
  return stretches;
}

function crossingsOf(journey: Journey | null): readonly Crossing[] {
  return wholeCrossings(journey?.crossings ?? []);
}

function byKey<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

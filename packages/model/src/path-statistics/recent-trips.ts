// The latest round trips of a path, for a small chart: a ring of fixed size.
import type { TimeNs } from '@hopscope/protocol';

export interface RecentTrip {
  /** First hop of the exchange. */
  readonly atNs: TimeNs;
  /** Null: it was not replied to. */
  readonly rttNs: number | null;
}

const KEPT = 120;

export interface TripRing {
  /** Two numbers an entry: time, and round trip or NaN. */
  readonly values: Float64Array;
  count: number;
}

export const createRing = (): TripRing => ({ values: new Float64Array(2 * KEPT), count: 0 });

export function addToRing(ring: TripRing, atNs: TimeNs, rttNs: number | null): void {
  const at = 2 * (ring.count % KEPT);
  ring.values[at] = atNs;
  ring.values[at + 1] = rttNs ?? Number.NaN;
  ring.count++;
}

/** Oldest first. */
export function tripsOf({ values, count }: TripRing): RecentTrip[] {
  const first = Math.max(0, count - KEPT);
  return Array.from({ length: count - first }, (_, i) => {
    const at = 2 * ((first + i) % KEPT);
    const rttNs = values[at + 1] as number;
    return { atNs: values[at] as TimeNs, rttNs: Number.isNaN(rttNs) ? null : rttNs };
  });
}

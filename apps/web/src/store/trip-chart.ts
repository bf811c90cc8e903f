// The latest round trips of a path as a line. Pure.
import type { RecentTrip } from '@hopscope/model';

export interface TripChart {
  /** Points of each unbroken stretch, in a box of width × height, y downwards. */
  readonly lines: readonly string[];
  /** x of those that were not answered. */
  readonly lost: readonly number[];
  /** y of the median. */
  readonly medianY: number | null;
  readonly mostNs: number;
}

/** Above the highest point. */
const HEADROOM = 1.1;

/** True to time in both directions; the scale begins at 0. @param medianNs of all trips, not only of the latest */
export function tripChart(
  trips: readonly RecentTrip[],
  medianNs: number | null,
  width: number,
  height: number,
): TripChart {
  const mostNs = Math.max(1, medianNs ?? 0, ...trips.map(({ rttNs }) => rttNs ?? 0));
  const [first, last] = [trips[0]?.atNs ?? 0, trips.at(-1)?.atNs ?? 0];
  const xOf = (atNs: number): number => (last === first ? width / 2 : (width * (atNs - first)) / (last - first));
  const yOf = (ns: number): number => height - (height * ns) / (mostNs * HEADROOM);
  const stretches: string[][] = [[]];
  for (const { atNs, rttNs } of trips) {
    if (rttNs === null) stretches.push([]);
    else stretches.at(-1)?.push(`${xOf(atNs).toFixed(1)},${yOf(rttNs).toFixed(1)}`);
  }
  return {
    lines: stretches.filter((points) => points.length > 0).map((points) => points.join(' ')),
    lost: trips.filter(({ rttNs }) => rttNs === null).map(({ atNs }) => xOf(atNs)),
    medianY: medianNs === null ? null : yOf(medianNs),
    mostNs,
  };
}

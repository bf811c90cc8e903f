// Series by their labels, as many as may be: the one that was used longest ago goes first, and is counted. Containers come and go, and a
// scraper that meets ever new labels fills its disk.
import type { Labels } from './exposition.ts';

export interface BoundedSeries<Value> {
  /** The series with these labels, made when there is none. It becomes the one used last. */
  of(labels: Labels): Value;
  entries(): Iterable<{ readonly labels: Labels; readonly value: Value }>;
  /** Series that had to go, with all that they had counted. */
  readonly forgotten: number;
}

export function createBoundedSeries<Value>(limit: number, create: () => Value): BoundedSeries<Value> {
  const series = new Map<string, { readonly labels: Labels; readonly value: Value }>();
  let forgotten = 0;
  return {
    of(labels) {
      const key = JSON.stringify(Object.values(labels));
      const entry = series.get(key) ?? { labels, value: create() };
      series.delete(key);
      series.set(key, entry);
      const [oldest] = series.keys();
      if (series.size > limit && oldest !== undefined) {
        series.delete(oldest);
        forgotten++;
      }
      return entry.value;
    },
    entries: () => series.values(),
    get forgotten() {
      return forgotten;
    },
  };
}

// mtr's columns of one series of times, kept up value by value in constant memory.
import { addToSketch, createSketch, quantilesOf, type Sketch } from './sketch.ts';

/** Times in ns. */
export interface TimeStatistics {
  /** Values that the rest is made of, at least 1. */
  readonly count: number;
  readonly lastNs: number;
  readonly meanNs: number;
  readonly bestNs: number;
  readonly worstNs: number;
  /** Of the sample (divided by count - 1); 0 for a single value. */
  readonly stdevNs: number;
  /** Mean of the absolute differences between each value and the next: mtr's Javg. 0 for a single value. */
  readonly jitterNs: number;
  /** Percentiles by nearest rank. At most 1 % off: they are read from a histogram with logarithmic buckets. */
  readonly p50Ns: number;
  readonly p95Ns: number;
  readonly p99Ns: number;
}

/** A series so far. */
export interface TimeSeries {
  count: number;
  last: number;
  best: number;
  worst: number;
  mean: number;
  /** Sum of squared differences from the mean (Welford): no sum of squares, which would lose the small digits. */
  squares: number;
  differences: number;
  /** Made with the first value: most hops that are only listed never get one. */
  sketch: Sketch | null;
}

export function createSeries(): TimeSeries {
  return { count: 0, last: 0, best: 0, worst: 0, mean: 0, squares: 0, differences: 0, sketch: null };
}

/** @param value ns; clocks of two CPUs may differ by some, so what is below 0 counts as 0 */
export function addToSeries(series: TimeSeries, value: number): void {
  const ns = Math.max(0, value);
  series.best = series.count === 0 ? ns : Math.min(series.best, ns);
  series.worst = Math.max(series.worst, ns);
  if (series.count > 0) series.differences += Math.abs(ns - series.last);
  series.last = ns;
  series.count++;
  const delta = ns - series.mean;
  series.mean += delta / series.count;
  series.squares += delta * (ns - series.mean);
  series.sketch ??= createSketch();
  addToSketch(series.sketch, ns);
}

/** Null while there is no value. */
export function statisticsOf(series: TimeSeries): TimeStatistics | null {
  const { count, last, best, worst, mean, squares, differences, sketch } = series;
  if (count === 0 || sketch === null) return null;
  const within = (ns: number) => Math.min(worst, Math.max(best, ns));
  const [p50Ns = 0, p95Ns = 0, p99Ns = 0] = quantilesOf(sketch, [0.5, 0.95, 0.99]).map(within);
  return {
    count,
    lastNs: last,
    meanNs: mean,
    bestNs: best,
    worstNs: worst,
    stdevNs: count < 2 ? 0 : Math.sqrt(squares / (count - 1)),
    jitterNs: count < 2 ? 0 : differences / (count - 1),
    p50Ns,
    p95Ns,
    p99Ns,
  };
}

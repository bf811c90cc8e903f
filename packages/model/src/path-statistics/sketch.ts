// Percentiles of an endless series of times in a fixed amount of memory: a histogram whose buckets grow by a constant factor
// (DDSketch: Masson, Rim, Lee, VLDB 2019). A bucket spans ±RELATIVE_ERROR around the value it stands for.

/** Of every percentile from 1 ns to LARGEST_NS; 0 is exact. Just below 1 %, so that rounding at a bucket's edge stays within it. */
const RELATIVE_ERROR = 0.0099;
/** 1,000 s. What is above is counted in the last bucket. */
const LARGEST_NS = 1e12;

const GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GROWTH = Math.log(GROWTH);
/** One for 0, then one for each power of GROWTH up to LARGEST_NS: 1,397. */
const BUCKETS = 2 + Math.ceil(Math.log(LARGEST_NS) / LOG_GROWTH);
const FULL = 0xffff_ffff;

/** Counts for each bucket. */
export type Sketch = Uint32Array;

export function createSketch(): Sketch {
  return new Uint32Array(BUCKETS);
}

/** @param ns at least 0 */
export function addToSketch(sketch: Sketch, ns: number): void {
  const bucket = ns < 1 ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(ns) / LOG_GROWTH));
  // After four thousand million values in one bucket, all that came before weighs half.
  if (sketch[bucket] === FULL) for (let i = 0; i < BUCKETS; i++) sketch[i] = (sketch[i] as number) >>> 1;
  sketch[bucket] = (sketch[bucket] as number) + 1;
}

/**
 * The smallest values that at least these parts of all values do not exceed, in ns; 0 when there are none.
 * @param parts from 0 to 1, rising
 */
export function quantilesOf(sketch: Sketch, parts: readonly number[]): number[] {
  let total = 0;
  for (const count of sketch) total += count;
  if (total === 0) return parts.map(() => 0);
  const values: number[] = [];
  let bucket = 0;
  let passed = sketch[0] as number;
  for (const part of parts) {
    const rank = Math.max(1, Math.ceil(part * total));
    while (passed < rank && bucket < BUCKETS - 1) passed += sketch[++bucket] as number;
    values.push(bucket === 0 ? 0 : (2 * GROWTH ** bucket) / (GROWTH + 1));
  }
  return values;
}

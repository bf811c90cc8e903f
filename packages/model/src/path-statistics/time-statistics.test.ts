import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addToSketch, createSketch, quantilesOf } from './sketch.ts';
import { addToSeries, createSeries, statisticsOf, type TimeStatistics } from './time-statistics.ts';

const PARTS = [0.01, 0.5, 0.95, 0.99, 1];

/** Nearest rank, from all the values. */
function exactQuantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(part * sorted.length)) - 1] as number;
}

function statistics(values: readonly number[]): TimeStatistics | null {
  const series = createSeries();
  for (const value of values) addToSeries(series, value);
  return statisticsOf(series);
}

/** From nothing to a thousand seconds, each order of magnitude as likely as any other. */
const time = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 12, noNaN: true }).map((exponent) => Math.round(10 ** exponent)),
);
const times = fc.array(time, { minLength: 1, maxLength: 300 });

describe('percentiles', () => {
  it('are within 1 % of the exact ones', () => {
    fc.assert(
      fc.property(times, (values) => {
        const sketch = createSketch();
        for (const value of values) addToSketch(sketch, value);
        for (const [i, found] of quantilesOf(sketch, PARTS).entries()) {
          const exact = exactQuantile(values, PARTS[i] as number);
          expect(Math.abs(found - exact)).toBeLessThanOrEqual(0.01 * exact);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('stay so at the edges of the buckets, one value after the other', () => {
    for (let exponent = 0; exponent < 12; exponent += 0.003) {
      const exact = Math.floor(10 ** exponent);
      const sketch = createSketch();
      addToSketch(sketch, exact);
      expect(Math.abs((quantilesOf(sketch, [0.5])[0] as number) - exact)).toBeLessThanOrEqual(0.01 * exact);
    }
  });

  it('never leave the range of the values, and keep their shape when a counter is full', () => {
    expect(statistics([1_000_003])).toMatchObject({ p50Ns: 1_000_003, p95Ns: 1_000_003, p99Ns: 1_000_003 });
    expect(statistics([0, 0, 5e15])).toMatchObject({ p50Ns: 0 });
    const sketch = createSketch();
    for (const value of [...Array(90).fill(1000), ...Array(10).fill(1_000_000)]) addToSketch(sketch, value);
    sketch[sketch.indexOf(90)] = 0xffff_ffff;
    sketch[sketch.indexOf(10)] = 0x1000_0000;
    addToSketch(sketch, 1000);
    const [p50 = 0, p99 = 0] = quantilesOf(sketch, [0.5, 0.99]);
    expect(p50).toBeGreaterThan(989);
    expect(p50).toBeLessThan(1011);
    expect(p99).toBeGreaterThan(989_000);
  });

  it('of nothing are nothing', () => {
    expect(quantilesOf(createSketch(), PARTS)).toEqual([0, 0, 0, 0, 0]);
    expect(statisticsOf(createSeries())).toBeNull();
  });
});

describe('the columns of mtr', () => {
  it('are those of the textbook', () => {
    fc.assert(
      fc.property(times, (values) => {
        const found = statistics(values);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
        const steps = values.slice(1).map((value, i) => Math.abs(value - (values[i] as number)));
        const jitter = steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length);
        const near = (a: number, b: number) => expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, b));
        expect(found).toMatchObject({
          count: values.length,
          lastNs: values.at(-1),
          bestNs: Math.min(...values),
          worstNs: Math.max(...values),
        });
        near(found?.meanNs ?? Number.NaN, mean);
        near(found?.jitterNs ?? Number.NaN, jitter);
        // The textbook's own formula is rounded, too: compare in units of the largest value.
        expect(Math.abs((found?.stdevNs ?? Number.NaN) - Math.sqrt(variance))).toBeLessThanOrEqual(
          1e-6 * Math.max(1, ...values),
        );
      }),
    );
  });

  it('keep the small differences of large numbers', () => {
    expect(statistics([1e15, 1e15 + 2, 1e15 + 4])).toMatchObject({ stdevNs: 2, jitterNs: 2 });
  });

  it('take a time before the start for none', () => {
    expect(statistics([-5, 5])).toMatchObject({ bestNs: 0, worstNs: 5, meanNs: 2.5 });
  });
});

import type { RecentTrip } from '@hopscope/model';
import { describe, expect, it } from 'vitest';
import { tripChart } from './trip-chart.ts';

const trip = (seconds: number, micros: number | null): RecentTrip => ({
  atNs: (seconds * 1e9) as RecentTrip['atNs'],
  rttNs: micros === null ? null : micros * 1000,
});

describe('a chart of round trips', () => {
  it('is true to time from left to right and from 0 upwards', () => {
    const { lines, mostNs } = tripChart([trip(0, 50), trip(1, 100), trip(4, 0)], 50_000, 100, 11);
    expect(lines).toEqual(['0.0,6.0 25.0,1.0 100.0,11.0']);
    expect(mostNs).toBe(100_000);
  });

  it('breaks where nothing was answered, and marks the place', () => {
    const { lines, lost } = tripChart([trip(0, 10), trip(1, null), trip(2, 10)], 10_000, 100, 11);
    expect(lines).toHaveLength(2);
    expect(lost).toEqual([50]);
  });

  it('stands in the middle with a single point, and is empty with none', () => {
    expect(tripChart([trip(3, 10)], 10_000, 100, 11).lines).toEqual(['50.0,1.0']);
    expect(tripChart([], null, 100, 11)).toMatchObject({ lines: [], lost: [], medianY: null });
  });
});

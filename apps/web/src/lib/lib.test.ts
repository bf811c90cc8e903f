import { describe, expect, it } from 'vitest';
import { formatClock, formatDuration, formatMicros } from './format.ts';
import { chooseStretch, nearestStretch, STRETCHES, secondShowsNs } from './stretch.ts';

describe('format', () => {
  it('writes durations with three digits and a unit that fits', () => {
    const cases: [number, string][] = [
      [0, '0 ns'],
      [850, '850 ns'],
      [79_400, '79.4 µs'],
      [999_700, '1.00 ms'],
      [1_240_000, '1.24 ms'],
      [2_500_000_000, '2.50 s'],
    ];
    for (const [ns, text] of cases) expect(formatDuration(ns).replace('\u00a0', ' ')).toBe(text);
  });

  it('writes columns of microseconds', () => {
    expect(formatMicros(10_240)).toBe('10.2');
    expect(formatMicros(12_345_678)).toBe('12,346');
  });

  it('writes local time of day', () => {
    expect(formatClock(new Date(2024, 1, 2, 16, 4, 2, 987).getTime())).toBe('16:04:02.9');
  });
});

describe('stretch', () => {
  it('makes a typical exchange take two to five seconds', () => {
    for (const typicalNs of [9_000, 79_000, 180_000, 2_000_000, 45_000_000]) {
      const stretch = chooseStretch([typicalNs * 0.8, typicalNs, typicalNs * 30], 1);
      expect(STRETCHES).toContain(stretch);
      const tookMs = (typicalNs * stretch) / 1e6;
      expect(tookMs).toBeGreaterThan(1500);
      expect(tookMs).toBeLessThan(6000);
    }
  });

  it('keeps a factor that is comfortable, and any while nothing was seen', () => {
    expect(chooseStretch([60_000], 50_000)).toBe(50_000);
    expect(chooseStretch([], 20_000)).toBe(20_000);
  });

  it('says what a second shows', () => {
    expect(secondShowsNs(50_000)).toBe(20_000);
    expect(nearestStretch(47_000)).toBe(50_000);
  });
});

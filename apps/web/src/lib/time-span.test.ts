import { describe, expect, it } from 'vitest';
import { moveSpan, niceStep, spanShowing, zoomSpan } from './time-span.ts';

const NOW = 1_000_000;
const live = { lengthMs: 120_000, endMs: null };

describe('the span of the timeline', () => {
  it('keeps the moment under the pointer where it is', () => {
    const around = NOW - 30_000;
    const zoomed = zoomSpan(live, NOW, around, 2);
    expect(zoomed).toEqual({ lengthMs: 60_000, endMs: NOW - 15_000 });
    const place = (span: { lengthMs: number; endMs: number | null }): number =>
      ((span.endMs ?? NOW) - around) / span.lengthMs;
    expect(place(zoomed)).toBeCloseTo(place(live));
  });

  it('follows now when zoomed at now, and again when its edge comes back there', () => {
    expect(zoomSpan(live, NOW, NOW, 4)).toEqual({ lengthMs: 30_000, endMs: null });
    expect(zoomSpan({ lengthMs: 60_000, endMs: NOW - 15_000 }, NOW, NOW - 30_000, 0.5)).toEqual(live);
    expect(moveSpan({ lengthMs: 60_000, endMs: NOW - 5000 }, NOW, 9000, 0).endMs).toBeNull();
  });

  it('stays within five seconds and ten minutes, and near what is held', () => {
    expect(zoomSpan(live, NOW, NOW, 1e6).lengthMs).toBe(5000);
    expect(zoomSpan(live, NOW, NOW, 1e-6).lengthMs).toBe(600_000);
    expect(moveSpan(live, NOW, -1e9, NOW - 300_000).endMs).toBe(NOW - 288_000);
  });

  it('moves no farther than needed to show a moment', () => {
    const span = { lengthMs: 60_000, endMs: NOW - 100_000 };
    expect(spanShowing(span, NOW, NOW - 120_000)).toBe(span);
    expect(spanShowing(span, NOW, NOW - 90_000).endMs).toBe(NOW - 90_000);
    expect(spanShowing(span, NOW, NOW - 200_000).endMs).toBe(NOW - 140_000);
  });

  it('counts in lengths that people count in', () => {
    expect([30, 101, 1000, 7000, 1e9].map(niceStep)).toEqual([100, 200, 1000, 10_000, 86_400_000]);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutTrack, measureTrack, overlap, pointAt, roundCorners, simplify } from './geometry.ts';

const corner = [
  { x: 0, y: 0 },
  { x: 10, y: 0 },
  { x: 10, y: 10 },
];

describe('track', () => {
  it('finds points by distance', () => {
    const track = measureTrack(corner);
    expect(track.length).toBe(20);
    expect(pointAt(track, -1)).toEqual({ x: 0, y: 0 });
    expect(pointAt(track, 4)).toEqual({ x: 4, y: 0 });
    expect(pointAt(track, 15)).toEqual({ x: 10, y: 5 });
    expect(pointAt(track, 99)).toEqual({ x: 10, y: 10 });
  });

  it('cuts a part that bends', () => {
    expect(cutTrack(measureTrack(corner), 8, 12)).toEqual([
      { x: 8, y: 0 },
      { x: 10, y: 0 },
      { x: 10, y: 2 },
    ]);
    expect(cutTrack(measureTrack(corner), 5, 5)).toEqual([]);
  });

  it('never leaves its own length: a small step along it is a small step in space', () => {
    const coordinate = fc.integer({ min: -500, max: 500 });
    const line = fc.array(fc.record({ x: coordinate, y: coordinate }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(line, fc.double({ min: 0, max: 1, noNaN: true }), (points, part) => {
        const track = measureTrack(roundCorners(points, 8));
        const a = pointAt(track, part * track.length);
        const b = pointAt(track, part * track.length + 1);
        expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeLessThanOrEqual(1.0001);
      }),
    );
  });
});

it('simplifies repeats and straight runs but keeps a turn back', () => {
  const line = [0, 0, 5, 10, 4].map((x) => ({ x, y: 0 }));
  expect(simplify(line)).toEqual([
    { x: 0, y: 0 },
    { x: 10, y: 0 },
    { x: 4, y: 0 },
  ]);
});

it('measures the area two boxes share', () => {
  const box = { x: 0, y: 0, width: 10, height: 10 };
  expect(overlap(box, { x: 5, y: 5, width: 10, height: 10 })).toBe(25);
  expect(overlap(box, { x: 10, y: 0, width: 10, height: 10 })).toBe(0);
});

import { expect, it } from 'vitest';
import { SMALL_TYPE, SMALLEST_TYPE, zoomAt } from './detail.ts';

it('never makes type smaller on the screen than can be read, and larger only where it must', () => {
  for (let scale = 0.05; scale < 4; scale *= 1.03) {
    const { type } = zoomAt(scale);
    const onScreen = SMALL_TYPE * type * scale;
    expect(onScreen).toBeGreaterThanOrEqual(SMALLEST_TYPE - 1e-6);
    if (type > 1) expect(onScreen).toBeLessThan(SMALLEST_TYPE * 1.13);
  }
});

it('leaves out more the farther away the map is', () => {
  expect([2, 0.7, 0.5, 0.2, 0.1].map((scale) => zoomAt(scale).detail)).toEqual([
    'full',
    'full',
    'names',
    'counts',
    'heat',
  ]);
});

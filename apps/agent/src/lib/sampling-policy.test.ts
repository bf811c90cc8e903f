import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSamplingPolicy, MAX_LEVEL } from './sampling-policy.ts';

test('follows everything while there is room', () => {
  const policy = createSamplingPolicy();
  for (let now = 0; now < 10_000; now += 8) expect(policy.update(0.49, now)).toBe(0);
});

test('goes up at once, as far as the queue is full', () => {
  const at = (fill: number) => createSamplingPolicy().update(fill, 0);
  expect([0.5, 0.53125, 0.75, 0.98, 1].map(at)).toEqual([1, 2, 9, 16, MAX_LEVEL]);
});

test('comes down one level at a time, and only when the queue is nearly empty', () => {
  const policy = createSamplingPolicy();
  expect(policy.update(0.57, 1000)).toBe(3);
  for (let now = 1000; now < 4900; now += 10) expect(policy.update(0.3, now)).toBe(3);
  expect(policy.update(0.1, 4900)).toBe(3);
  expect(policy.update(0.1, 4940)).toBe(2);
  expect(policy.update(0.1, 4960)).toBe(2);
  expect(policy.update(0.1, 4990)).toBe(1);
  // Nobody asked for a while.
  expect(policy.update(0.1, 60_000)).toBe(0);
});

test('whatever the queue does: within bounds, up at once, and everything again after a calm of 0.8 s', () => {
  const step = fc.record({ fill: fc.double({ min: 0, max: 1.1, noNaN: true }), ms: fc.integer({ min: 0, max: 300 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const policy = createSamplingPolicy();
      let now = 0;
      for (const { fill, ms } of steps) {
        now += ms;
        const level = policy.update(fill, now);
        expect(level).toBeGreaterThanOrEqual(fill < 0.5 ? 0 : Math.min(MAX_LEVEL, 1 + Math.floor((fill - 0.5) * 32)));
        expect(level).toBeLessThanOrEqual(MAX_LEVEL);
      }
      policy.update(0, now);
      expect(policy.update(0, now + 800)).toBe(0);
    }),
  );
});

test('a queue that takes in less than comes settles at a level that fits, and does not swing far', () => {
  // 10 MB/s go out, 75 MB/s would come in; 4 MB fit.
  const policy = createSamplingPolicy();
  let waiting = 0;
  const levels: number[] = [];
  for (let now = 0; now < 20_000; now += 8) {
    const level = policy.update(waiting / 4e6, now);
    waiting = Math.max(0, waiting + (75e6 / 2 ** level - 10e6) * 0.008);
    expect(waiting).toBeLessThan(4e6);
    if (now > 2000) levels.push(level);
  }
  expect(new Set(levels)).toEqual(new Set([2, 3]));
});

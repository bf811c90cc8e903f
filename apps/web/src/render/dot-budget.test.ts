import { expect, it } from 'vitest';
import { createDotBudget } from './dot-budget.ts';

const run = (budget: ReturnType<typeof createDotBudget>, stepMs: number, seconds: number): number => {
  let dots = 0;
  for (let ms = 0; ms < seconds * 1000; ms += stepMs) dots = budget.note(stepMs);
  return dots;
};

it('draws fewer dots while frames are late, never none, and more again when they are not', () => {
  const budget = createDotBudget(2000);
  expect(run(budget, 16.6, 2)).toBe(2000);
  const fewer = run(budget, 33, 4);
  expect(fewer).toBeLessThan(1000);
  expect(run(budget, 33, 60)).toBe(250);
  expect(run(budget, 16.6, 20)).toBe(2000);
});

it('is not put off by one late frame', () => {
  const budget = createDotBudget(2000);
  run(budget, 16.6, 2);
  budget.note(50);
  expect(run(budget, 16.6, 1)).toBeGreaterThan(1900);
});

import type { Ledger } from '@hopscope/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imbalanceOf, kernelMissed, lossGrowth, lostInAll, positionOf, withLoss } from './ledger.ts';

const count = fc.nat({ max: 2 ** 40 });
const STAGES = ['ring-full', 'sampled-out', 'capture-queue', 'page-sampled', 'page-queue', 'unreadable', 'a-new-one'];
const anyLedger: fc.Arbitrary<Ledger> = fc
  .record({
    delivered: count,
    pending: count,
    lost: fc.dictionary(fc.constantFrom(...STAGES), count),
    identityFull: count,
    recursionMisses: count,
    sampledOneIn: fc.constant(1),
    final: fc.boolean(),
  })
  .map((parts) => ({ type: 'ledger', seen: parts.delivered + parts.pending + lostInAll(parts), ...parts }));

const NOTHING: Ledger = {
  type: 'ledger',
  seen: 0,
  delivered: 0,
  pending: 0,
  lost: {},
  identityFull: 0,
  recursionMisses: 0,
  sampledOneIn: 1,
  final: false,
};

test('a process that passes a ledger on with its own loss keeps the balance', () => {
  fc.assert(
    fc.property(
      anyLedger,
      fc.constantFrom(...STAGES),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (ledger, stage, part) => {
        const records = Math.floor(ledger.delivered * part);
        const passedOn = withLoss(ledger, stage, records);
        expect(imbalanceOf(passedOn)).toBe(0);
        expect(passedOn.seen).toBe(ledger.seen);
        expect(lostInAll(passedOn) - lostInAll(ledger)).toBe(records);
      },
    ),
  );
});

test('a loss with a position moves no position, one without takes the position away', () => {
  fc.assert(
    fc.property(anyLedger, (ledger) => {
      for (const stage of ['capture-queue', 'page-sampled', 'page-queue']) {
        expect(positionOf(withLoss(ledger, stage, 1))).toBe(positionOf(ledger));
      }
      expect(positionOf(withLoss(ledger, 'ring-full', 1))).toBe(positionOf(ledger) - 1);
    }),
  );
});

test('growth names exactly the stages that grew, by how much', () => {
  fc.assert(
    fc.property(anyLedger, fc.dictionary(fc.constantFrom(...STAGES), fc.nat({ max: 1000 })), (before, grown) => {
      const after = Object.entries(grown).reduce<Ledger>((ledger, [stage, n]) => withLoss(ledger, stage, n), before);
      const { stages, incomplete } = lossGrowth(before, after);
      expect(Object.fromEntries(stages.map(({ stage, records }) => [stage, records]))).toEqual(
        Object.fromEntries(Object.entries(grown).filter(([, records]) => records > 0)),
      );
      expect(incomplete).toBe(stages.some(({ stage }) => !['sampled-out', 'page-sampled'].includes(stage)));
    }),
  );
});

test('what was left out whole makes no path incomplete; everything else does', () => {
  const grown = (after: Partial<Ledger>) => lossGrowth(null, { ...NOTHING, ...after }).incomplete;
  expect(grown({})).toBe(false);
  expect(grown({ lost: { 'sampled-out': 5, 'page-sampled': 5 } })).toBe(false);
  for (const stage of ['ring-full', 'capture-queue', 'page-queue', 'a-new-one']) {
    expect([stage, grown({ lost: { 'sampled-out': 5, [stage]: 1 } })]).toEqual([stage, true]);
  }
  expect(grown({ identityFull: 1 })).toBe(true);
  expect(grown({ recursionMisses: 1 })).toBe(true);
  expect(
    kernelMissed({ ...NOTHING, lost: { 'ring-full': 1, 'page-queue': 9 }, identityFull: 2, recursionMisses: 4 }),
  ).toBe(7);
});

test('nothing grows from a ledger to itself', () => {
  fc.assert(
    fc.property(anyLedger, (ledger) => {
      expect(lossGrowth(ledger, ledger)).toEqual({ stages: [], incomplete: false });
    }),
  );
});

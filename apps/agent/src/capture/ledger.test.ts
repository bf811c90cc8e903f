import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildLedger, createMissedInKernel } from './ledger.ts';

const NONE = {
  seen: 0,
  ringFull: 0,
  ringFullPerCpu: [],
  sampledOut: 0,
  drained: 0,
  identityFull: 0,
  deviceFull: 0,
  recursionMisses: 0,
};

test('the identity holds, also when a counter was read before it caught up', () => {
  const total = fc.integer({ min: 0, max: 2 ** 50 });
  fc.assert(
    fc.property(total, total, total, total, total, fc.boolean(), (seen, ringFull, sampledOut, sent, dropped, final) => {
      // More has found the ring full than is to be told by now.
      const counters = { ...NONE, seen, ringFull: ringFull + 7, sampledOut, drained: sent + dropped };
      const ledger = buildLedger(counters, { ...NONE, ringFull }, { sent, dropped }, final, 8);
      const lost = Object.values(ledger.lost).reduce((sum, count) => sum + count, 0);
      expect(ledger.seen).toBe(ledger.delivered + ledger.pending + lost);
      expect(ledger.pending).toBeGreaterThanOrEqual(0);
      expect(ledger.seen).toBeGreaterThanOrEqual(seen);
      expect(ledger.delivered).toBe(sent);
      expect(lost).toBe(ringFull + sampledOut + dropped);
      expect(ledger.sampledOneIn).toBe(8);
    }),
  );
});

test('what was missed is told when the records are out that were in the ring meanwhile', () => {
  const missed = createMissedInKernel(100);
  let readings = 0n;
  const turn = (ringFull: number, isEmpty: boolean, drained: number) => {
    missed.onTurn({ ...NONE, ringFull }, isEmpty, drained, ++readings);
    return missed.told.ringFull;
  };
  expect(turn(0, true, 50)).toBe(0);
  expect(missed.toldSinceNs).toBe(0n);
  expect(turn(5, true, 150)).toBe(5);
  expect(missed.toldSinceNs).toBe(1n);
  // The child does not keep up: the ring is full, and stays so.
  expect(turn(9, false, 150)).toBe(5);
  expect(turn(20, false, 150)).toBe(5);
  expect(turn(30, false, 240)).toBe(5);
  expect(turn(31, false, 250)).toBe(9);
  expect(missed.toldSinceNs).toBe(2n);
  expect(turn(31, false, 340)).toBe(9);
  expect(turn(31, false, 360)).toBe(31);
  expect(missed.toldSinceNs).toBe(3n); // the third reading gave the 9, the sixth the 31
  expect(turn(40, true, 400)).toBe(40);
  expect(missed.toldSinceNs).toBe(6n);
  expect(turn(40, true, 500)).toBe(40);
  expect(missed.toldSinceNs).toBe(6n);
});

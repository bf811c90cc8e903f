import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildLedger } from './ledger.ts';

test('the identity holds, also when a counter was read before it caught up', () => {
  const total = fc.integer({ min: 0, max: 2 ** 50 });
  fc.assert(
    fc.property(total, total, total, total, total, fc.boolean(), (seen, ringFull, sampledOut, sent, dropped, final) => {
      const counters = {
        seen,
        ringFull,
        ringFullPerCpu: [ringFull],
        sampledOut,
        drained: sent + dropped,
        identityFull: 3,
        deviceFull: 0,
        recursionMisses: 0,
      };
      const ledger = buildLedger(counters, { sent, dropped }, final, 8);
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

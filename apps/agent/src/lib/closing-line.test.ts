import type { Ledger } from '@hopscope/protocol';
import { expect, test } from 'vitest';
import { closingLine } from './closing-line.ts';

const ledger: Ledger = {
  type: 'ledger',
  seen: 24,
  delivered: 24,
  pending: 0,
  lost: { 'ring-full': 0 },
  identityFull: 0,
  recursionMisses: 0,
  sampledOneIn: 1,
  final: true,
};

test('says what was lost where, and what was no record', () => {
  expect(closingLine(ledger)).toBe('seen 24, delivered 24, missed 0');
  const lost = { 'ring-full': 3, 'sampled-out': 4, 'capture-queue': 0 };
  expect(closingLine({ ...ledger, delivered: 15, pending: 2, lost, identityFull: 1, recursionMisses: 9 })).toBe(
    'seen 24, delivered 15, missed 7 (ring-full 3, sampled-out 4), pending 2; 1 packets forgotten early, the identity ' +
      'table was full; 9 events that the kernel skipped, never records',
  );
});

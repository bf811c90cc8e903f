import type { Ledger } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { createLossWatch } from './loss-watch.ts';

const ledger = (fields: Partial<Ledger>): Ledger => ({
  type: 'ledger',
  seen: 0,
  delivered: 0,
  pending: 0,
  lost: {},
  identityFull: 0,
  recursionMisses: 0,
  sampledOneIn: 1,
  final: false,
  ...fields,
});

describe('loss watch', () => {
  it('counts what is missing since the start of the capture, or since the first batch', () => {
    expect(createLossWatch('start').onBatch(7, 3)).toBe(7);
    const watch = createLossWatch('here');
    expect(watch.onBatch(7, 3)).toBe(0);
    expect(watch.onBatch(10, 1)).toBe(0);
    expect(watch.onBatch(15, 1)).toBe(4);
  });

  it('tells of each loss once, whichever shows it first', () => {
    const watch = createLossWatch('start');
    watch.onBatch(0, 10);
    const shed = ledger({ delivered: 10, lost: { 'page-queue': 5, 'ring-full': 2 } });
    expect(watch.onLedger(shed)).toBe(7);
    expect(watch.onLedger(shed)).toBe(0);
    expect(watch.onBatch(15, 5)).toBe(0);
    expect(watch.onBatch(23, 1)).toBe(3);
    expect(watch.onLedger(ledger({ delivered: 16, lost: { 'page-queue': 8, 'ring-full': 2 } }))).toBe(0);
  });

  it('takes a packet that was forgotten and an event that was never a record for a loss, and sampling for none', () => {
    const watch = createLossWatch('start');
    expect(watch.onLedger(ledger({ identityFull: 3, recursionMisses: 4 }))).toBe(7);
    expect(watch.onLedger(ledger({ identityFull: 3, recursionMisses: 4, lost: { 'sampled-out': 900 } }))).toBe(0);
  });

  it('begins where the reader began to listen', () => {
    const watch = createLossWatch('here');
    expect(watch.onLedger(ledger({ delivered: 50, lost: { 'ring-full': 9 } }))).toBe(0);
    watch.onBatch(50, 1);
    expect(watch.onLedger(ledger({ delivered: 51, lost: { 'ring-full': 10 } }))).toBe(1);
  });
});

import type { Ledger, TimeNs } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { type BatchLoss, createLossWatch } from './loss-watch.ts';

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

const batch = (firstHop: number, count: number, kernelMissed = 0, since: number | null = null) => ({
  firstHop,
  endHop: firstHop + count,
  kernelMissed,
  missedSince: since as TimeNs | null,
});

const total = ({ gap, unplaced }: BatchLoss) => gap + unplaced;

describe('loss watch', () => {
  it('counts what is missing since the start of the capture, or since the first batch', () => {
    expect(total(createLossWatch('start').onBatch(batch(7, 3)))).toBe(7);
    const watch = createLossWatch('here');
    expect(total(watch.onBatch(batch(7, 3)))).toBe(0);
    expect(total(watch.onBatch(batch(10, 1)))).toBe(0);
    expect(total(watch.onBatch(batch(15, 1)))).toBe(4);
  });

  it('tells of each loss once, whichever shows it first', () => {
    const watch = createLossWatch('start');
    watch.onBatch(batch(0, 10));
    const shed = ledger({ delivered: 10, lost: { 'page-queue': 5, 'ring-full': 2 } });
    expect(watch.onLedger(shed)).toBe(7);
    expect(watch.onLedger(shed)).toBe(0);
    expect(total(watch.onBatch(batch(15, 5)))).toBe(0);
    expect(total(watch.onBatch(batch(23, 1)))).toBe(3);
    expect(watch.onLedger(ledger({ delivered: 16, lost: { 'page-queue': 8, 'ring-full': 2 } }))).toBe(0);
  });

  it('takes a packet that was forgotten and an event that was never a record for a loss, and sampling for none', () => {
    const watch = createLossWatch('start');
    expect(watch.onLedger(ledger({ identityFull: 3, recursionMisses: 4 }))).toBe(7);
    expect(watch.onLedger(ledger({ identityFull: 3, recursionMisses: 4, lost: { 'sampled-out': 900 } }))).toBe(0);
    // 1 hop and 9 that were skipped with it.
    expect(total(watch.onBatch(batch(0, 10, 7)))).toBe(0);
    const lost = { 'sampled-out': 900, 'page-sampled': 9 };
    expect(watch.onLedger(ledger({ delivered: 1, identityFull: 3, recursionMisses: 4, lost }))).toBe(0);
  });

  it('takes what has no position from a batch or from a ledger, whichever comes first', () => {
    const watch = createLossWatch('start');
    expect(total(watch.onBatch(batch(0, 10, 5)))).toBe(5);
    expect(total(watch.onBatch(batch(10, 10, 5)))).toBe(0);
    expect(watch.onLedger(ledger({ delivered: 20, lost: { 'ring-full': 3 }, recursionMisses: 2 }))).toBe(0);
    expect(watch.onLedger(ledger({ delivered: 20, lost: { 'ring-full': 9 }, recursionMisses: 2 }))).toBe(6);
    expect(total(watch.onBatch(batch(20, 1, 11)))).toBe(0);
  });

  it('knows since when the kernel side missed something, but not where batches are missing', () => {
    const watch = createLossWatch('start');
    expect(watch.onBatch(batch(0, 10, 5, 300))).toEqual({ gap: 0, unplaced: 5, unplacedSince: 300 });
    expect(watch.onBatch(batch(10, 10, 6))).toEqual({ gap: 0, unplaced: 1, unplacedSince: undefined });
    expect(watch.onBatch(batch(25, 10, 9, 400))).toEqual({ gap: 5, unplaced: 3, unplacedSince: undefined });
  });

  it('begins where the reader began to listen', () => {
    const watch = createLossWatch('here');
    expect(watch.onLedger(ledger({ delivered: 50, lost: { 'ring-full': 9 } }))).toBe(0);
    watch.onBatch(batch(50, 1));
    expect(watch.onLedger(ledger({ delivered: 51, lost: { 'ring-full': 10 } }))).toBe(1);
  });
});

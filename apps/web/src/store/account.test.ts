import type { Ledger } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { createAccount, EMPTY_LEDGER } from './account.ts';
import { AWAY, UNEXPLAINED } from './stage-words.ts';

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

const batch = (firstHop: number, count: number, skipped = 0) => ({
  firstHop,
  count,
  endHop: firstHop + count + skipped,
});

describe('account', () => {
  it('starts where the page started to listen', () => {
    const account = createAccount();
    account.onLedger(ledger({ seen: 900, delivered: 890, lost: { 'ring-full': 10 } }));
    account.onBatch(batch(1000, 8));
    account.onLedger(ledger({ seen: 1018, delivered: 1008, lost: { 'ring-full': 10 } }));
    expect(account.read()).toEqual({ ...EMPTY_LEDGER, seen: 8, delivered: 8 });
    expect(account.nextHop).toBe(1008);
  });

  it('counts a hole in the stream and names its stage', () => {
    const account = createAccount();
    account.onLedger(ledger({ lost: { 'ring-full': 0, 'capture-queue': 0 } }));
    account.onBatch(batch(0, 10));
    account.onBatch(batch(15, 10));
    account.onLedger(ledger({ delivered: 20, lost: { 'ring-full': 3, 'capture-queue': 0, 'page-queue': 5 } }));
    expect(account.read()).toEqual({
      ...EMPTY_LEDGER,
      seen: 28,
      delivered: 20,
      missed: 8,
      away: 0,
      stages: [
        { stage: 'ring-full', lost: 3 },
        { stage: 'page-queue', lost: 5 },
      ],
    });
  });

  it('sees hops shed at the end, before any later batch', () => {
    const account = createAccount();
    account.onBatch(batch(0, 10));
    account.onLedger(ledger({ delivered: 10, lost: { 'page-queue': 4 } }));
    expect(account.read()).toMatchObject({ seen: 14, delivered: 10, missed: 4 });
  });

  it('counts what was left out for this page, over several connections', () => {
    const account = createAccount();
    account.onBatch(batch(0, 10, 90));
    account.onLedger(ledger({ delivered: 10, lost: { 'page-sampled': 90 } }));
    expect(account.nextHop).toBe(100);
    account.onDisconnected();
    account.onBatch(batch(100, 1, 4));
    account.onLedger(ledger({ delivered: 101, lost: { 'page-sampled': 4 } }));
    expect(account.read()).toMatchObject({
      seen: 105,
      delivered: 11,
      missed: 94,
      stages: [{ stage: 'page-sampled', lost: 94 }],
    });
  });

  it('owns up to having been away', () => {
    const account = createAccount();
    account.onBatch(batch(0, 10));
    account.onLedger(ledger({ delivered: 10, lost: { 'page-queue': 0 } }));
    account.onDisconnected();
    account.onLedger(ledger({ delivered: 30 }));
    expect(account.read()).toMatchObject({ missed: 20, stages: [{ stage: AWAY, lost: 20 }] });
    account.onBatch(batch(32, 4));
    expect(account.read()).toEqual({
      ...EMPTY_LEDGER,
      seen: 36,
      delivered: 14,
      missed: 22,
      away: 22,
      stages: [{ stage: AWAY, lost: 22 }],
    });
  });

  it('counts from when the page listened what is no record, and says how much is sampled now', () => {
    const account = createAccount();
    account.onLedger(ledger({ identityFull: 10, recursionMisses: 1 }));
    account.onLedger(ledger({ identityFull: 12, recursionMisses: 1, sampledOneIn: 8 }));
    expect(account.read()).toMatchObject({ identityFull: 2, recursionMisses: 0, sampledOneIn: 8, missed: 0 });
  });

  it('says so when it does not know', () => {
    const account = createAccount();
    account.onBatch(batch(0, 10));
    account.onBatch(batch(12, 1));
    expect(account.read().stages).toEqual([{ stage: UNEXPLAINED, lost: 2 }]);
  });
});

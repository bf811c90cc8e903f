import type { Ledger } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { createAccount } from './account.ts';

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

describe('account', () => {
  it('starts where the page started to listen', () => {
    const account = createAccount();
    account.onLedger(ledger({ seen: 900, delivered: 890, lost: { 'ring-full': 10 } }));
    expect(account.onBatch(1000, 8)).toBe(0);
    account.onLedger(ledger({ seen: 1018, delivered: 1008, lost: { 'ring-full': 10 } }));
    expect(account.read()).toEqual({ seen: 8, delivered: 8, missed: 0, away: 0, stages: [] });
    expect(account.nextHop).toBe(1008);
  });

  it('counts a hole in the stream and names its stage', () => {
    const account = createAccount();
    account.onLedger(ledger({ lost: { 'ring-full': 0, 'capture-queue': 0 } }));
    account.onBatch(0, 10);
    expect(account.onBatch(15, 10)).toBe(5);
    account.onLedger(ledger({ delivered: 20, lost: { 'ring-full': 3, 'capture-queue': 0, 'page-queue': 5 } }));
    expect(account.read()).toEqual({
      seen: 28,
      delivered: 20,
      missed: 8,
      away: 0,
      stages: [
        { name: 'kernel ring buffer was full', lost: 3 },
        { name: 'page did not keep up', lost: 5 },
      ],
    });
  });

  it('sees hops shed at the end, before any later batch', () => {
    const account = createAccount();
    account.onBatch(0, 10);
    account.onLedger(ledger({ delivered: 10, lost: { 'page-queue': 4 } }));
    expect(account.read()).toMatchObject({ seen: 14, delivered: 10, missed: 4 });
  });

  it('owns up to having been away', () => {
    const account = createAccount();
    account.onBatch(0, 10);
    account.onLedger(ledger({ delivered: 10, lost: { 'page-queue': 0 } }));
    account.onDisconnected();
    account.onLedger(ledger({ delivered: 30 }));
    expect(account.read()).toMatchObject({ missed: 20, stages: [{ name: 'page was not connected', lost: 20 }] });
    account.onBatch(32, 4);
    expect(account.read()).toEqual({
      seen: 36,
      delivered: 14,
      missed: 22,
      away: 22,
      stages: [{ name: 'page was not connected', lost: 22 }],
    });
  });

  it('says so when it does not know', () => {
    const account = createAccount();
    account.onBatch(0, 10);
    account.onBatch(12, 1);
    expect(account.read().stages).toEqual([{ name: 'lost on the way, stage unknown', lost: 2 }]);
  });
});

// Every record's fate, from the addon's counters and our own.

import { kernelMissed } from '@hopscope/model';
import type { CaptureCounters } from '@hopscope/native';
import type { Ledger } from '@hopscope/protocol';

/**
 * `seen = delivered + pending + Σ lost` holds exactly. The kernel counts on while its counters are read one by one, so
 * `seen` may lag behind what was already drained; what was drained was certainly seen.
 * @param own hops sent to the child, and those dropped because it did not keep up
 * @param sampledOneIn one packet in this many is followed now
 */
export function buildLedger(
  counters: CaptureCounters,
  own: { readonly sent: number; readonly dropped: number },
  final: boolean,
  sampledOneIn: number,
): Ledger {
  const { ringFull, sampledOut } = counters;
  const gone = own.sent + own.dropped + ringFull + sampledOut;
  const seen = Math.max(counters.seen, gone);
  return {
    type: 'ledger',
    seen,
    delivered: own.sent,
    pending: seen - gone,
    lost: { 'ring-full': ringFull, 'sampled-out': sampledOut, 'capture-queue': own.dropped },
    identityFull: counters.identityFull,
    recursionMisses: counters.recursionMisses,
    sampledOneIn,
    final,
  };
}

/** What batches say about holes that no position shows. */
export function missedInKernel({ ringFull, identityFull, recursionMisses }: CaptureCounters): number {
  return kernelMissed({ lost: { 'ring-full': ringFull }, identityFull, recursionMisses });
}

/** Nothing has happened between the two that a reader would want to know. */
export function sameLedger(a: Ledger, b: Ledger): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

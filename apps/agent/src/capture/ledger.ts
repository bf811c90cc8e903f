// Every record's fate, from the addon's counters and our own.
//
// What the kernel side missed is told at its place in the stream: not before the records are sent that were in the ring when it happened, for
// readers mark as incomplete what is under way when they hear of it. Until then what found the ring full counts as pending.
import { kernelMissed } from '@hopscope/model';
import type { CaptureCounters } from '@hopscope/native';
import type { Ledger } from '@hopscope/protocol';

/** What makes holes and has no position in the stream. */
export type Missed = Pick<CaptureCounters, 'ringFull' | 'identityFull' | 'recursionMisses'>;

export interface MissedInKernel {
  /**
   * After every turn of draining.
   * @param isEmpty all has been taken out that was in the ring
   * @param drained records taken out since the start
   * @param nowNs CLOCK_MONOTONIC, from before the counters were read
   */
  onTurn(counters: CaptureCounters, isEmpty: boolean, drained: number, nowNs: bigint): void;
  /** What happened before the newest record that was taken out. */
  readonly told: Missed;
  /** The newest of it happened after this time: when the counters were read before. 0 = at any time since the start. */
  readonly toldSinceNs: bigint;
}

/** @param ringRecords how many records the ring can hold at most */
export function createMissedInKernel(ringRecords: number): MissedInKernel {
  let told: Missed = { ringFull: 0, identityFull: 0, recursionMisses: 0 };
  /** Read while there were records in the ring; true for the stream when as many are out as were in it at most. */
  let next: { readonly counters: Missed; readonly at: number; readonly readNs: bigint } | null = null;
  /** When `told` was read. */
  let readNs = 0n;
  let toldSinceNs = 0n;

  function tell(counters: Missed, nowNs: bigint): void {
    if (sumOfMissed(counters) > sumOfMissed(told)) toldSinceNs = readNs;
    told = counters;
    readNs = nowNs;
    next = null;
  }

  return {
    onTurn(counters, isEmpty, drained, nowNs) {
      if (isEmpty) {
        tell(counters, nowNs);
        return;
      }
      if (next !== null && drained >= next.at) tell(next.counters, next.readNs);
      next ??= { counters, at: drained + ringRecords, readNs: nowNs };
    },
    get told() {
      return told;
    },
    get toldSinceNs() {
      return toldSinceNs;
    },
  };
}

/**
 * `seen = delivered + pending + Σ lost` holds exactly. The kernel counts on while its counters are read one by one, so
 * `seen` may lag behind what was already drained; what was drained was certainly seen.
 * @param missed of the counters, what is to be told by now
 * @param own hops sent to the child, and those dropped because it did not keep up
 * @param sampledOneIn one packet in this many is followed now
 */
export function buildLedger(
  counters: CaptureCounters,
  missed: Missed,
  own: { readonly sent: number; readonly dropped: number },
  final: boolean,
  sampledOneIn: number,
): Ledger {
  const { ringFull, identityFull, recursionMisses } = missed;
  const { sampledOut } = counters;
  const gone = own.sent + own.dropped + ringFull + sampledOut;
  const seen = Math.max(counters.seen, gone);
  return {
    type: 'ledger',
    seen,
    delivered: own.sent,
    pending: seen - gone,
    lost: { 'ring-full': ringFull, 'sampled-out': sampledOut, 'capture-queue': own.dropped },
    identityFull,
    recursionMisses,
    sampledOneIn,
    final,
  };
}

/** What batches say about holes that no position shows. */
export function sumOfMissed({ ringFull, identityFull, recursionMisses }: Missed): number {
  return kernelMissed({ lost: { 'ring-full': ringFull }, identityFull, recursionMisses });
}

/** Nothing has happened between the two that a reader would want to know. */
export function sameLedger(a: Ledger, b: Ledger): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

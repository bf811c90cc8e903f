// Notices every loss that may have left a hole in a path, each once, and no other.
//
// Batches carry positions in the capture's stream, so what was lost between capture and reader is exactly the gap between two of
// them. What never got a position (the ring was full, the kernel skipped a program) shows in the next ledger alone. Packets that
// were not sampled leave no hole: all of their records are left out.
import type { Ledger } from '@hopscope/protocol';

/** Stages whose records have a position in the stream; everything else was lost before it got one. */
export const NUMBERED_STAGES: ReadonlySet<string> = new Set(['capture-queue', 'page-queue']);

/** Records of packets that are not followed, chosen at first sight. */
export const SAMPLED_OUT = 'sampled-out';

export interface LossWatch {
  /** Answers how many records are missing right before this batch. */
  onBatch(firstHop: number, count: number): number;
  /**
   * Answers how many losses it tells of that were not known: records without a position, records shed after the last batch, packets
   * that the identity table forgot, programs that the kernel skipped.
   */
  onLedger(ledger: Ledger): number;
}

/** @param begin where the stream begins for this reader: `start` with the capture's first record, `here` with the first that comes */
export function createLossWatch(begin: 'start' | 'here'): LossWatch {
  let nextHop = begin === 'start' ? 0 : null;
  let losses = begin === 'start' ? 0 : null;

  function moveTo(position: number): number {
    const gap = nextHop === null ? 0 : Math.max(0, position - nextHop);
    nextHop = Math.max(nextHop ?? 0, position);
    return gap;
  }

  return {
    onBatch(firstHop, count) {
      const gap = moveTo(firstHop);
      moveTo(firstHop + count);
      return gap;
    },
    onLedger(ledger) {
      const before = losses;
      losses = lossesIn(ledger);
      const shed = nextHop === null ? 0 : moveTo(positionOf(ledger));
      return shed + (before === null ? 0 : Math.max(0, losses - before));
    },
  };
}

/** Position in the stream after the last record that was delivered or lost when the ledger was written. */
export function positionOf({ delivered, lost }: Ledger): number {
  return Object.entries(lost).reduce(
    (sum, [stage, records]) => sum + (NUMBERED_STAGES.has(stage) ? records : 0),
    delivered,
  );
}

function lossesIn({ lost, identityFull, recursionMisses }: Ledger): number {
  return Object.entries(lost).reduce(
    (sum, [stage, records]) => sum + (NUMBERED_STAGES.has(stage) || stage === SAMPLED_OUT ? 0 : records),
    identityFull + recursionMisses,
  );
}

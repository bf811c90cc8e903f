// Notices every loss that may have left a hole in a path, each once, and no other.
//
// Batches carry positions in the capture's stream, so what was lost between capture and reader is exactly the gap between two of
// them. What never got a position (the ring was full, the kernel skipped a program) shows in the head of the next batch or in the next
// ledger, whichever comes first. Packets that were not sampled leave no hole: all of their records are left out.
import type { HopBatch, Ledger, TimeNs } from '@hopscope/protocol';
import { kernelMissed, positionOf } from './ledger.ts';

export interface BatchLoss {
  /** Records that are missing right before the batch: lost between the last hop before it and its first. */
  readonly gap: number;
  /** What has no position: the kernel side missed it some time before the batch, and not after what came before it. */
  readonly unplaced: number;
  /** It happened after this time; undefined where nobody knows. */
  readonly unplacedSince: TimeNs | undefined;
}

export interface LossWatch {
  /** What was not known yet when this batch came. */
  onBatch(batch: Pick<HopBatch, 'firstHop' | 'endHop' | 'kernelMissed' | 'missedSince'>): BatchLoss;
  /**
   * Answers how many losses it tells of that were not known: records without a position, records shed after the last batch, packets
   * that the identity table forgot, programs that the kernel skipped.
   */
  onLedger(ledger: Ledger): number;
}

/** @param begin where the stream begins for this reader: `start` with the capture's first record, `here` with the first that comes */
export function createLossWatch(begin: 'start' | 'here'): LossWatch {
  let nextHop = begin === 'start' ? 0 : null;
  let missed = begin === 'start' ? 0 : null;

  function moveTo(position: number): number {
    const gap = nextHop === null ? 0 : Math.max(0, position - nextHop);
    nextHop = Math.max(nextHop ?? 0, position);
    return gap;
  }

  function noteTotal(total: number): number {
    const more = missed === null ? 0 : Math.max(0, total - missed);
    missed = Math.max(missed ?? 0, total);
    return more;
  }

  return {
    onBatch(batch) {
      const gap = moveTo(batch.firstHop);
      moveTo(batch.endHop);
      const unplaced = noteTotal(batch.kernelMissed);
      // Where batches are missing, they may have told of more, and of something earlier.
      return { gap, unplaced, unplacedSince: gap > 0 ? undefined : (batch.missedSince ?? undefined) };
    },
    onLedger(ledger) {
      const shed = nextHop === null ? 0 : moveTo(positionOf(ledger));
      return shed + noteTotal(kernelMissed(ledger));
    },
  };
}

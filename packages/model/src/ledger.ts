// The ledger's arithmetic: what adds up, what a loss does to the paths that are shown.
import type { Ledger } from '@hopscope/protocol';

/** Records of packets that are not followed, chosen at first sight: in the kernel, and by the gateway for one page. */
export const SAMPLED_OUT = 'sampled-out';
export const PAGE_SAMPLED = 'page-sampled';
/** Records that a recording lacks because it could not be written fast enough. */
export const RECORDING = 'recording';

/** Stages whose records have a position in the stream of hops: batches show where they are missing. The rest never got one. */
export const NUMBERED_STAGES: ReadonlySet<string> = new Set(['capture-queue', PAGE_SAMPLED, 'page-queue', RECORDING]);

/** Whether paths have holes by a loss at this stage; not when it leaves out whole journeys. A stage that this build does not know is held to make holes. */
export function breaksPaths(stage: string): boolean {
  return stage !== SAMPLED_OUT && stage !== PAGE_SAMPLED;
}

/** Σ lost: records. */
export function lostInAll({ lost }: Pick<Ledger, 'lost'>): number {
  return sumOf(lost, () => true);
}

/** `seen - delivered - pending - Σ lost`: 0, or a bug. */
export function imbalanceOf(ledger: Ledger): number {
  return ledger.seen - ledger.delivered - ledger.pending - lostInAll(ledger);
}

/** The ledger as passed on by a process that lost `records` of what was delivered to it: 0 changes nothing. */
export function withLoss(ledger: Ledger, stage: string, records: number): Ledger {
  if (records === 0) return ledger;
  const lost = { ...ledger.lost, [stage]: (ledger.lost[stage] ?? 0) + records };
  return { ...ledger, delivered: ledger.delivered - records, lost };
}

/** Position in the stream after the last record that was delivered, or lost where it had a position, when the ledger was written. */
export function positionOf({ delivered, lost }: Ledger): number {
  return sumOf(lost, (stage) => NUMBERED_STAGES.has(stage)) + delivered;
}

/**
 * Events that make holes and that no position shows: records that found the ring full, packets whose later hops carry another id, programs
 * that the kernel skipped. A batch carries the same sum in its header.
 */
export function kernelMissed({
  lost,
  identityFull,
  recursionMisses,
}: Pick<Ledger, 'lost' | 'identityFull' | 'recursionMisses'>): number {
  return sumOf(lost, (stage) => breaksPaths(stage) && !NUMBERED_STAGES.has(stage)) + identityFull + recursionMisses;
}

function sumOf(lost: Ledger['lost'], isMeant: (stage: string) => boolean): number {
  return Object.entries(lost).reduce((sum, [stage, records]) => sum + (isMeant(stage) ? records : 0), 0);
}

export interface LossGrowth {
  /** Stages that lost records since `before`, and how many. */
  readonly stages: readonly { readonly stage: string; readonly records: number }[];
  /** Paths under way meanwhile have holes. Journeys that were left out whole make none. */
  readonly incomplete: boolean;
}

/** What was lost from one ledger to the next. @param before null: since the start */
export function lossGrowth(before: Ledger | null, after: Ledger): LossGrowth {
  const stages = Object.entries(after.lost)
    .map(([stage, records]) => ({ stage, records: records - (before?.lost[stage] ?? 0) }))
    .filter(({ records }) => records > 0);
  const missed = kernelMissed(after) > (before === null ? 0 : kernelMissed(before));
  return { stages, incomplete: missed || stages.some(({ stage }) => breaksPaths(stage)) };
}

// What waits for one page, and how much of it: pure bookkeeping, no socket, no clock.
//
// Frames keep the order of the stream. Hops that fit one tick are merged into one message; a gap in their numbers (hops that
// were lost before us, or shed here) begins a new one, in the next tick. A page acknowledges what it has taken in. The fuller its credit,
// the fewer journeys begin for it: what is left out so is counted as `page-sampled` and told as `skipped` with the hops around it. Hops
// that would raise the unacknowledged bytes above the credit all the same are shed, and go on being shed until half of the credit is free,
// so that a page that stands still gets few long gaps and not many short ones. Control frames are never shed.
import { PAGE_SAMPLED, withLoss } from '@hopscope/model';
import {
  BATCH_HEADER_BYTES,
  BatchError,
  batchLayout,
  type Ledger,
  RECORD_BYTES,
  readBatch,
  writeBatchHeader,
} from '@hopscope/protocol';
import { createSamplingPolicy } from '../lib/sampling-policy.ts';
import { createJourneyChooser } from './journey-chooser.ts';

/** 4 MiB are 18,700 hops: a third of a second at 50,000 hops/s. */
const CREDIT_BYTES = 4 * 1024 * 1024;

export interface HopRun {
  readonly firstHop: number;
  readonly count: number;
  /** Positions among and behind these hops that are left out for this page. */
  readonly skipped: number;
  /** As in the batch's header. */
  readonly kernelMissed: number;
  readonly missedSinceNs: bigint;
  /** The records alone. */
  readonly records: Uint8Array;
}

export interface PageQueue {
  /** @param nowMs monotonic */
  offerHops(run: HopRun, nowMs: number): void;
  offerControl(text: string): void;
  /** Notes in the ledger what was left out and shed for this page so far, and queues it. */
  offerLedger(ledger: Ledger, nowMs: number): void;
  /** The page has taken in every hop before `hop`. */
  ack(hop: number): void;
  /** The messages of one tick, in order: all control frames up to the first gap in the hops, and at most one batch. */
  take(): (string | Uint8Array)[];
  readonly empty: boolean;
  /** Bytes of records that wait or are not acknowledged. */
  readonly outstandingBytes: number;
  /** Hops shed so far. */
  readonly shed: number;
  /** Hops of journeys that were left out so far. */
  readonly sampled: number;
  /** One journey in this many is begun for this page, as of the last offer. */
  readonly sampledOneIn: number;
}

type Item = { readonly control: string } | { readonly run: HopRun };

/** @param creditBytes Infinity: nothing is ever left out; whoever offers looks at `outstandingBytes` */
export function createPageQueue(creditBytes = CREDIT_BYTES): PageQueue {
  const policy = createSamplingPolicy();
  const chooser = createJourneyChooser();
  let items: Item[] = [];
  /** Left out, behind the last run and not told yet. Always without records. */
  let untold: HopRun | null = null;
  /** Sent and not acknowledged, oldest first. */
  const unacknowledged: { readonly end: number; readonly bytes: number }[] = [];
  /** Bytes of records queued or unacknowledged. */
  let outstanding = 0;
  let shed = 0;
  let sampled = 0;
  let level = 0;
  let shedding = false;
  /** kernelMissed of the last batch that was taken. */
  let toldMissed = 0;

  function tellUntold(): void {
    if (untold !== null) items.push({ run: untold });
    untold = null;
  }

  /** Since when the page does not know of losses in two runs. */
  function missedSince(first: HopRun, second: HopRun): bigint {
    return first.kernelMissed > toldMissed ? first.missedSinceNs : second.missedSinceNs;
  }

  function push(run: HopRun): void {
    if (untold !== null && endOf(untold) === run.firstHop) {
      const { firstHop } = untold;
      const skipped = untold.skipped + run.skipped;
      items.push({ run: { ...run, firstHop, skipped, missedSinceNs: missedSince(untold, run) } });
      untold = null;
      return;
    }
    tellUntold();
    items.push({ run });
  }

  /** A run of which nothing is left is told with the one before it or the one behind it. */
  function pushSkipped(run: HopRun): void {
    if (untold !== null && endOf(untold) === run.firstHop) {
      const { kernelMissed } = run;
      const missedSinceNs = missedSince(untold, run);
      untold = { ...untold, skipped: untold.skipped + run.skipped, kernelMissed, missedSinceNs };
      return;
    }
    tellUntold();
    untold = run;
  }

  function merged(runs: readonly HopRun[]): Uint8Array {
    const last = runs.reduce((first, second) => ({ ...second, missedSinceNs: missedSince(first, second) }));
    toldMissed = last.kernelMissed;
    return mergeRuns(runs, last, unacknowledged);
  }

  return {
    offerHops(offered, nowMs) {
      level = policy.update(outstanding / creditBytes, nowMs);
      const records = chooser.choose(offered.records, level);
      const count = records.byteLength / RECORD_BYTES;
      const run = { ...offered, count, skipped: offered.skipped + offered.count - count, records };
      if (count === 0 && run.skipped > 0) {
        sampled += run.skipped;
        pushSkipped(run);
        return;
      }
      if (shedding && outstanding <= creditBytes / 2) shedding = false;
      if (outstanding + records.byteLength > creditBytes) shedding = true;
      if (shedding) {
        // The page sees one gap: who would have been left out of it is part of that.
        shed += count + run.skipped;
        return;
      }
      outstanding += records.byteLength;
      sampled += run.skipped;
      push(run);
    },
    offerControl(text) {
      items.push({ control: text });
    },
    offerLedger(ledger, nowMs) {
      level = policy.update(outstanding / creditBytes, nowMs);
      // So that the page knows how much of what it has not seen was left out on purpose.
      tellUntold();
      const own = withLoss(withLoss(ledger, 'page-queue', shed), PAGE_SAMPLED, sampled);
      items.push({ control: JSON.stringify({ ...own, sampledOneIn: ledger.sampledOneIn * 2 ** level }) });
    },
    ack(hop) {
      let taken = 0;
      for (const { end, bytes } of unacknowledged) {
        if (end > hop) break;
        outstanding -= bytes;
        taken++;
      }
      unacknowledged.splice(0, taken);
    },
    take() {
      const messages: (string | Uint8Array)[] = [];
      const runs: HopRun[] = [];
      let used = 0;
      for (const item of items) {
        if ('control' in item) {
          // What follows hops in the stream may be about them: it must not overtake.
          if (runs.length > 0) messages.push(merged(runs.splice(0)));
          messages.push(item.control);
        } else {
          const sentBatch = runs.length === 0 && messages.some((message) => typeof message !== 'string');
          const last = runs.at(-1);
          if (sentBatch || (last !== undefined && endOf(last) !== item.run.firstHop)) break;
          runs.push(item.run);
        }
        used++;
      }
      if (runs.length > 0) messages.push(merged(runs));
      items = items.slice(used);
      return messages;
    },
    get empty() {
      return items.length === 0;
    },
    get outstandingBytes() {
      return outstanding;
    },
    get shed() {
      return shed;
    },
    get sampled() {
      return sampled;
    },
    get sampledOneIn() {
      return 2 ** level;
    },
  };
}

/** @throws BatchError when the bytes are no whole batch of this build's records */
export function readRun(batch: Uint8Array): HopRun {
  const { count, firstHop, skipped, kernelMissed, missedSinceNs } = readBatch(batch, 0n);
  const { headerBytes, recordBytes } = batchLayout(batch);
  // Pages read records of this build's size.
  if (recordBytes !== RECORD_BYTES) throw new BatchError('records of another build');
  return { firstHop, count, skipped, kernelMissed, missedSinceNs, records: batch.subarray(headerBytes) };
}

function endOf({ firstHop, count, skipped }: HopRun): number {
  return firstHop + count + skipped;
}

function mergeRuns(
  runs: readonly HopRun[],
  last: HopRun,
  unacknowledged: { end: number; bytes: number }[],
): Uint8Array {
  const [first] = runs;
  const bytes = runs.reduce((sum, run) => sum + run.records.byteLength, 0);
  const count = runs.reduce((sum, run) => sum + run.count, 0);
  const skipped = runs.reduce((sum, run) => sum + run.skipped, 0);
  const message = new Uint8Array(BATCH_HEADER_BYTES + bytes);
  const firstHop = first?.firstHop ?? 0;
  writeBatchHeader(message, count, firstHop, {
    skipped,
    kernelMissed: last.kernelMissed,
    missedSinceNs: last.missedSinceNs,
  });
  let at = BATCH_HEADER_BYTES;
  for (const { records } of runs) {
    message.set(records, at);
    at += records.byteLength;
  }
  // A page that does not know of `skipped` acknowledges less than the end.
  if (bytes > 0) unacknowledged.push({ end: firstHop + count, bytes });
  return message;
}

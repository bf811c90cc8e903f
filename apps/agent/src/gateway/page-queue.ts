// What waits for one page, and how much of it: pure bookkeeping, no socket, no clock.
//
// Frames keep the order of the stream. Hops that fit one tick are merged into one message; a gap in their numbers (hops that
// were lost before us, or shed here) begins a new one, in the next tick. A page acknowledges what it has taken in; hops that
// would raise the unacknowledged bytes above the credit are shed, and go on being shed until half of the credit is free, so
// that a page that cannot keep up gets few long gaps and not many short ones. Control frames are never shed.
import {
  BATCH_HEADER_BYTES,
  BatchError,
  type Ledger,
  RECORD_BYTES,
  readBatch,
  writeBatchHeader,
} from '@hopscope/protocol';

/** 4 MiB are 18,700 hops: a third of a second at 50,000 hops/s. */
const CREDIT_BYTES = 4 * 1024 * 1024;

export interface HopRun {
  readonly firstHop: number;
  readonly count: number;
  /** The records alone. */
  readonly records: Uint8Array;
}

export interface PageQueue {
  offerHops(run: HopRun): void;
  offerControl(text: string): void;
  /** Notes in the ledger what was shed for this page so far, and queues it. */
  offerLedger(ledger: Ledger): void;
  /** The page has taken in every hop before `hop`. */
  ack(hop: number): void;
  /** The messages of one tick, in order: all control frames up to the first gap in the hops, and at most one batch. */
  take(): (string | Uint8Array)[];
  readonly empty: boolean;
  /** Hops shed so far. */
  readonly shed: number;
}

type Item = { readonly control: string } | { readonly run: HopRun };

export function createPageQueue(creditBytes = CREDIT_BYTES): PageQueue {
  let items: Item[] = [];
  /** Sent and not acknowledged, oldest first. */
  const unacknowledged: { readonly end: number; readonly bytes: number }[] = [];
  /** Bytes of records queued or unacknowledged. */
  let outstanding = 0;
  let shed = 0;
  let shedding = false;

  return {
    offerHops(run) {
      const bytes = run.records.byteLength;
      if (shedding && outstanding <= creditBytes / 2) shedding = false;
      if (outstanding + bytes > creditBytes) shedding = true;
      if (shedding) {
        shed += run.count;
        return;
      }
      outstanding += bytes;
      items.push({ run });
    },
    offerControl(text) {
      items.push({ control: text });
    },
    offerLedger(ledger) {
      const lost = shed === 0 ? ledger.lost : { ...ledger.lost, 'page-queue': shed };
      items.push({ control: JSON.stringify({ ...ledger, delivered: ledger.delivered - shed, lost }) });
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
          if (runs.length > 0) messages.push(mergeRuns(runs.splice(0), unacknowledged));
          messages.push(item.control);
        } else {
          const sentBatch = runs.length === 0 && messages.some((message) => typeof message !== 'string');
          const last = runs.at(-1);
          if (sentBatch || (last !== undefined && last.firstHop + last.count !== item.run.firstHop)) break;
          runs.push(item.run);
        }
        used++;
      }
      if (runs.length > 0) messages.push(mergeRuns(runs, unacknowledged));
      items = items.slice(used);
      return messages;
    },
    get empty() {
      return items.length === 0;
    },
    get shed() {
      return shed;
    },
  };
}

/** @throws BatchError when the bytes are no whole batch of this build's records */
export function readRun(batch: Uint8Array): HopRun {
  // Pages are told the record's size in `hello`, so the records can be re-framed without being understood.
  const { count, firstHop } = readBatch(batch, 0n);
  if (batch.byteLength !== BATCH_HEADER_BYTES + count * RECORD_BYTES) throw new BatchError('records of another build');
  return { firstHop, count, records: batch.subarray(BATCH_HEADER_BYTES) };
}

function mergeRuns(runs: readonly HopRun[], unacknowledged: { end: number; bytes: number }[]): Uint8Array {
  const [first] = runs;
  const bytes = runs.reduce((sum, run) => sum + run.records.byteLength, 0);
  const count = runs.reduce((sum, run) => sum + run.count, 0);
  const message = new Uint8Array(BATCH_HEADER_BYTES + bytes);
  const firstHop = first?.firstHop ?? 0;
  writeBatchHeader(message, count, firstHop);
  let at = BATCH_HEADER_BYTES;
  for (const { records } of runs) {
    message.set(records, at);
    at += records.byteLength;
  }
  unacknowledged.push({ end: firstHop + count, bytes });
  return message;
}

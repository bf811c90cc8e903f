// A capture as the tests use it: everything drained is kept, decoded and raw.
import {
  type Capture,
  type CaptureCounters,
  type CaptureOptions,
  type DeviceCounter,
  openCapture,
  quietMs,
} from '@hopscope/native';
import { BATCH_HEADER_BYTES, type Hop, RECORD_BYTES, readBatch, writeBatchHeader } from '@hopscope/protocol';

export interface Recording {
  readonly hops: readonly Hop[];
  /** The drained records, as they came. */
  readonly bytes: Uint8Array;
  readonly counters: CaptureCounters;
  readonly devices: readonly DeviceCounter[];
  /** Index → name, as `Hop.location` counts. */
  readonly locations: readonly string[];
}

export interface Recorder {
  readonly capture: Capture;
  /** What has come so far. */
  hops(): readonly Hop[];
  /** Detaches, drains the rest and closes. */
  stop(): Recording;
}

const CHUNK_RECORDS = 4096;

/** Opens a capture and drains it as native/index.d.ts says: from `onReadable` on, until it has been quiet. */
export function startRecorder(options: Omit<CaptureOptions, 'onReadable'> = {}): Recorder {
  const hops: Hop[] = [];
  const raw: Uint8Array[] = [];
  const chunk = new Uint8Array(BATCH_HEADER_BYTES + CHUNK_RECORDS * RECORD_BYTES);
  let timer: NodeJS.Timeout | undefined;
  let lastRecord = 0;

  function drain(): void {
    for (;;) {
      const bytes = capture.drain(chunk.subarray(BATCH_HEADER_BYTES));
      if (bytes === 0) return;
      lastRecord = performance.now();
      const count = bytes / RECORD_BYTES;
      writeBatchHeader(chunk, count, hops.length);
      const batch = readBatch(chunk.subarray(0, BATCH_HEADER_BYTES + bytes), 0n);
      for (let i = 0; i < count; i++) hops.push(batch.hop(i));
      raw.push(chunk.slice(BATCH_HEADER_BYTES, BATCH_HEADER_BYTES + bytes));
    }
  }

  function drainUntilQuiet(): void {
    clearTimeout(timer); // woken again before the timer found it quiet
    drain();
    timer = performance.now() - lastRecord < quietMs ? setTimeout(drainUntilQuiet, 5) : undefined;
  }

  const capture = openCapture({ ...options, onReadable: drainUntilQuiet });
  return {
    capture,
    hops() {
      drain();
      return hops;
    },
    stop() {
      clearTimeout(timer);
      capture.detach();
      drain();
      const recording = {
        hops,
        bytes: Buffer.concat(raw),
        counters: capture.counters(),
        devices: capture.deviceCounters(),
        locations: ['', ...capture.locationNames(1)],
      };
      capture.close();
      return recording;
    },
  };
}

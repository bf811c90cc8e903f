// Records from the ring buffer into batches: sleeps until the addon says that records wait, then drains on a timer until
// the ring has been quiet for long enough that the kernel side wakes us for the next one.
import type { Capture } from '@hopscope/native';
import { RECORD_BYTES } from '@hopscope/protocol';
import type { FrameWriter } from './frame-writer.ts';

const DRAIN_EVERY_MS = 8;
/** Batches in one go; then signals, timers and the inventory get their turn. 64 × 1,024 records are 14 MiB. */
const BATCHES_PER_TURN = 64;

export interface KernelSource {
  /** Records wait (the addon's `onReadable`). Before `start` it is only remembered. */
  wake(): void;
  start(): void;
  /** Takes out all that is left. Call after `capture.detach()`. */
  drainRest(): void;
  /** No timer is left after it. */
  stop(): void;
}

export interface KernelSourceOptions {
  readonly capture: Pick<Capture, 'drain'>;
  readonly writer: Pick<FrameWriter, 'room' | 'commit'>;
  /** The addon's: silence after which the next record wakes us. */
  readonly quietMs: number;
  /** Looks at the raw records before they are sent. */
  readonly inspect: (records: Uint8Array) => void;
  /** After every turn: the ring was empty, or much has been taken out. */
  readonly onDrained: () => void;
  /** @returns ms, monotonic */
  readonly now: () => number;
}

export function createKernelSource({
  capture,
  writer,
  quietMs,
  inspect,
  onDrained,
  now,
}: KernelSourceOptions): KernelSource {
  let started = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let lastRecordMs = 0;

  /** Answers whether the ring may hold more. */
  function drainSome(): boolean {
    for (let batch = 0; batch < BATCHES_PER_TURN; batch++) {
      const room = writer.room();
      const bytes = capture.drain(room);
      if (bytes === 0) return false;
      lastRecordMs = now();
      inspect(room.subarray(0, bytes));
      writer.commit(bytes / RECORD_BYTES);
    }
    return true;
  }

  function turn(): void {
    timer = undefined;
    if (stopped) return;
    const more = drainSome();
    onDrained();
    if (more || now() - lastRecordMs < quietMs) timer = setTimeout(turn, more ? 0 : DRAIN_EVERY_MS);
  }

  return {
    wake() {
      if (!started || stopped || timer !== undefined) return;
      lastRecordMs = now();
      turn();
    },
    start() {
      started = true;
      this.wake();
    },
    drainRest() {
      while (drainSome()) {
        // The programs are detached: it ends.
      }
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

// Records from the ring buffer into batches: sleeps until the addon says that records wait, then drains on a timer until
// the ring has been quiet for long enough that the kernel side wakes us for the next one.
//
// When much waits for the child already, records are left in the ring: while that fills up, the kernel side follows fewer packets, which
// leaves whole journeys out, where dropping what was drained would cut them.
import type { Capture } from '@hopscope/native';
import { RECORD_BYTES } from '@hopscope/protocol';
import type { FrameWriter } from './frame-writer.ts';

const DRAIN_EVERY_MS = 8;
/** Batches in one go; then signals, timers and the inventory get their turn. 64 × 1,024 records are 14 MiB. */
const BATCHES_PER_TURN = 64;
/** Of what may wait for the child. The other half is for what the ring still holds at the end, which is 8 MiB as a rule. */
const LEAVE_ABOVE = 1 / 2;

export interface KernelSource {
  /** Records wait (the addon's `onReadable`). Before `start` it is only remembered. */
  wake(): void;
  start(): void;
  /** Takes out all that is left, whether the child keeps up or not. Call after `capture.detach()`. */
  drainRest(): void;
  /** No timer is left after it. */
  stop(): void;
}

export interface KernelSourceOptions {
  readonly capture: Pick<Capture, 'drain'>;
  readonly writer: Pick<FrameWriter, 'room' | 'commit' | 'fill'>;
  /** The addon's: silence after which the next record wakes us. */
  readonly quietMs: number;
  /** Looks at the raw records before they are sent. */
  readonly inspect: (records: Uint8Array) => void;
  /** @param fill 0 to 1: how much of what may wait for the child is waiting; 1 = records are left in the ring. Called with each batch */
  readonly onFill: (fill: number) => void;
  /** After every turn. `isEmpty`: all has been taken out that was in the ring. */
  readonly onTurn: (isEmpty: boolean) => void;
  /** @returns ms, monotonic */
  readonly now: () => number;
}

export function createKernelSource(options: KernelSourceOptions): KernelSource {
  const { capture, writer, quietMs, inspect, onFill, onTurn, now } = options;
  let started = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let lastRecordMs = 0;

  /** Answers whether there was a record. */
  function drainBatch(): boolean {
    const room = writer.room();
    const bytes = capture.drain(room);
    if (bytes === 0) return false;
    lastRecordMs = now();
    inspect(room.subarray(0, bytes));
    writer.commit(bytes / RECORD_BYTES);
    return true;
  }

  function drainSome(): 'empty' | 'full' | 'more' {
    for (let batch = 0; batch < BATCHES_PER_TURN; batch++) {
      const isFull = writer.fill > LEAVE_ABOVE;
      onFill(isFull ? 1 : writer.fill / LEAVE_ABOVE);
      if (isFull) return 'full';
      if (!drainBatch()) return 'empty';
    }
    return 'more';
  }

  function turn(): void {
    timer = undefined;
    if (stopped) return;
    // The addon decides at its last, empty drain whether the next record is to wake us. So the silence is measured before that: a busy
    // machine may keep us waiting between the two, and nobody would ever look again.
    const startMs = now();
    const state = drainSome();
    onTurn(state === 'empty');
    // What is left in the ring wakes nobody.
    const goesOn = state !== 'empty' || startMs - lastRecordMs < quietMs;
    if (goesOn) timer = setTimeout(turn, state === 'more' ? 0 : DRAIN_EVERY_MS);
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
      while (drainBatch()) {
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

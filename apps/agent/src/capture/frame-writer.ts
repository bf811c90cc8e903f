// Frames into the child's stream, with a bound on what waits there.
//
// Control frames are few and always go. Hop batches wait at most until QUEUE_MAX_BYTES; what comes beyond that is
// dropped, newest first, and counted: what is older is nearer to being read.
import type { Writable } from 'node:stream';
import {
  BATCH_HEADER_BYTES,
  encodeControlFrame,
  FRAME_HEADER_BYTES,
  FRAME_KIND,
  RECORD_BYTES,
  type ServerFrame,
  writeBatchHeader,
  writeFrameHeader,
} from '@hopscope/protocol';

export const QUEUE_MAX_BYTES = 16 * 1024 * 1024;

/** A batch no larger than this keeps both processes responsive: 1,024 records are 224 KiB. */
export const BATCH_MAX_RECORDS = 1024;

const HEADERS_BYTES = FRAME_HEADER_BYTES + BATCH_HEADER_BYTES;
const SLAB_BYTES = 4 * (HEADERS_BYTES + BATCH_MAX_RECORDS * RECORD_BYTES);
/** A slab with room for fewer records than this is given up. */
const SLAB_MIN_RECORDS = 64;

export interface FrameWriter {
  writeControl(frame: ServerFrame): void;
  /** Room for records behind the headers of the next batch: at least SLAB_MIN_RECORDS, at most BATCH_MAX_RECORDS. */
  room(): Uint8Array;
  /** Sends the first `count` records now in `room()`, or drops and counts them when too much waits already. */
  commit(count: number): void;
  /** What the kernel side has missed so far, for the batches from here on. Only grows; the newest of it happened after `sinceNs`. */
  noteKernelMissed(total: number, sinceNs: bigint): void;
  /** Hops sent so far. */
  readonly sent: number;
  /** Hops dropped because the child did not keep up. */
  readonly dropped: number;
  /** 0 to 1: how much of what may wait is waiting. */
  readonly fill: number;
}

/** @param monotonicNs CLOCK_MONOTONIC, which hrtime is on Linux */
export function createFrameWriter(stream: Writable, monotonicNs = () => process.hrtime.bigint()): FrameWriter {
  // Batches are laid one behind the other into a slab, so that a nearly empty batch costs no more than its bytes and the
  // records are never copied; a slab is freed when the last of its batches has been written.
  let slab = new Uint8Array(SLAB_BYTES);
  let at = 0;
  let sent = 0;
  let dropped = 0;
  let kernelMissed = 0;
  let missedSinceNs = 0n;
  /** CLOCK_MONOTONIC at packet time 0; null until hello. */
  let originNs: bigint | null = null;

  /** A recording is played by these times also where no packet passes. The `t` of evidence says which drop it is about. */
  function stamped(frame: ServerFrame): ServerFrame {
    if (frame.type === 'hello' || frame.type === 'evidence' || originNs === null) return frame;
    return { ...frame, t: Number(monotonicNs() - originNs) };
  }

  return {
    writeControl(frame) {
      if (frame.type === 'hello') originNs = BigInt(frame.clock.monotonicNs);
      if (!stream.writableEnded && !stream.destroyed) stream.write(encodeControlFrame(stamped(frame)));
    },
    room() {
      if (slab.byteLength - at < HEADERS_BYTES + SLAB_MIN_RECORDS * RECORD_BYTES) {
        slab = new Uint8Array(SLAB_BYTES);
        at = 0;
      }
      const start = at + HEADERS_BYTES;
      return slab.subarray(start, Math.min(slab.byteLength, start + BATCH_MAX_RECORDS * RECORD_BYTES));
    },
    commit(count) {
      const bytes = HEADERS_BYTES + count * RECORD_BYTES;
      if (stream.destroyed || stream.writableEnded || stream.writableLength + bytes > QUEUE_MAX_BYTES) {
        dropped += count;
        return;
      }
      const frame = slab.subarray(at, at + bytes);
      writeFrameHeader(frame, FRAME_KIND.hops, bytes - FRAME_HEADER_BYTES);
      writeBatchHeader(frame.subarray(FRAME_HEADER_BYTES), count, sent + dropped, { kernelMissed, missedSinceNs });
      stream.write(frame);
      at += bytes;
      sent += count;
    },
    noteKernelMissed(total, sinceNs) {
      kernelMissed = total;
      missedSinceNs = sinceNs;
    },
    get sent() {
      return sent;
    },
    get dropped() {
      return dropped;
    },
    get fill() {
      return stream.writableLength / QUEUE_MAX_BYTES;
    },
  };
}

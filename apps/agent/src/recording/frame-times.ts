// When each frame came, in packet time.
import { batchLayout, OFFSET, type ServerFrame, type TimeNs } from '@hopscope/protocol';

export interface FrameTimes {
  /** Of a frame that comes now: never before the one before it. */
  of(frame: ServerFrame | Uint8Array): TimeNs;
}

export function createFrameTimes(): FrameTimes {
  let originNs = 0n;
  let lastNs = 0 as TimeNs;

  function timeOf(frame: ServerFrame | Uint8Array): number {
    if (frame instanceof Uint8Array) return batchTime(frame, originNs) ?? lastNs;
    if (frame.type === 'hello') {
      originNs = BigInt(frame.clock.monotonicNs);
      lastNs = 0 as TimeNs;
      return 0;
    }
    // Evidence tells the time of its drop, which is before it.
    return (frame.type === 'evidence' ? undefined : frame.t) ?? lastNs;
  }

  return {
    of(frame) {
      lastNs = Math.max(lastNs, timeOf(frame)) as TimeNs;
      return lastNs;
    },
  };
}

/** Of the last record, which is the newest but for some µs; null for a batch without any. */
function batchTime(batch: Uint8Array, originNs: bigint): number | null {
  const { headerBytes, recordBytes } = batchLayout(batch);
  const at = batch.byteLength - recordBytes;
  if (at < headerBytes) return null;
  const view = new DataView(batch.buffer, batch.byteOffset + at, recordBytes);
  return Number(view.getBigUint64(OFFSET.time_ns, true) - originNs);
}

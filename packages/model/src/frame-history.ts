// The last minutes as frames, bounded: any moment in them can be shown again by the same code that showed it the first time.
//
// Frames that fall out at the old end leave what they said behind: the topology as it was then, the names of locations, the last ledger.
// So what is kept always begins with a whole picture.
import type { Hello, ServerFrame, TimeNs } from '@hopscope/protocol';
import { EMPTY_PICTURE, nextPicture, type Picture } from './picture.ts';

export interface HistoryOptions {
  /** Bytes of hop batches, and of the text of control frames. */
  readonly maxBytes: number;
  /** Age of the oldest frame, in packet time. */
  readonly maxNs: number;
}

/** A control frame, or a whole hop batch. */
export interface HistoryEntry {
  /** When it came, in packet time; of a batch its newest hop's. Never goes back. */
  readonly t: TimeNs;
  readonly frame: ServerFrame | Uint8Array;
}

/** The picture before the first entry. */
export interface HistoryStart extends Picture {
  readonly t: TimeNs;
  readonly hello: Hello;
}

export interface FrameHistory {
  /** `hello` begins anew. Frames before the first `hello` are not kept. @param t newest packet time so far */
  add(frame: ServerFrame | Uint8Array, t: TimeNs): void;
  /** Null before the first `hello`. */
  readonly start: HistoryStart | null;
  /** Oldest first. What is added meanwhile is not in it. */
  entries(): readonly HistoryEntry[];
  /** Time of the newest entry, or of the start. */
  readonly endNs: TimeNs;
  readonly bytes: number;
}

interface Kept extends HistoryEntry {
  readonly bytes: number;
}

/** Removing from the front of an array costs its length: done only once this many are gone. */
const COMPACT_AT = 1024;

export function createFrameHistory({ maxBytes, maxNs }: HistoryOptions): FrameHistory {
  let start: HistoryStart | null = null;
  let kept: Kept[] = [];
  /** Entries before this one have fallen out. */
  let first = 0;
  let bytes = 0;
  let endNs = 0 as TimeNs;

  function trim(): void {
    while (start !== null && first < kept.length - 1) {
      const oldest = kept[first] as Kept;
      if (bytes <= maxBytes && endNs - oldest.t <= maxNs) break;
      start = leaveBehind(start, oldest);
      bytes -= oldest.bytes;
      first++;
    }
    if (first < COMPACT_AT) return;
    kept = kept.slice(first);
    first = 0;
  }

  return {
    add(frame, t) {
      const isControl = !(frame instanceof Uint8Array);
      if (isControl && frame.type === 'hello') {
        endNs = t;
        start = { t, hello: frame, ...EMPTY_PICTURE };
        kept = [];
        first = 0;
        bytes = 0;
        return;
      }
      if (start === null) return;
      endNs = Math.max(endNs, t) as TimeNs;
      const size = isControl ? JSON.stringify(frame).length : frame.byteLength;
      kept.push({ t: endNs, frame, bytes: size });
      bytes += size;
      trim();
    },
    get start() {
      return start;
    },
    entries: () => kept.slice(first),
    get endNs() {
      return endNs;
    },
    get bytes() {
      return bytes;
    },
  };
}

function leaveBehind(start: HistoryStart, { frame, t }: HistoryEntry): HistoryStart {
  const picture = frame instanceof Uint8Array ? start : nextPicture(start, frame);
  return { ...start, ...picture, t };
}

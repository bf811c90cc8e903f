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
  /** 0, 1, 2, … since the history began. */
  readonly index: number;
  /** When it came, in packet time; of a batch its newest hop's. Never goes back. */
  readonly t: TimeNs;
  readonly frame: ServerFrame | Uint8Array;
}

/** The picture before the first entry. */
export interface HistoryStart extends Picture {
  readonly t: TimeNs;
  readonly hello: Hello;
  /** Hop batches fell out: what was under way then has lost its beginning. */
  readonly isCut: boolean;
}

export interface FrameHistory {
  /**
   * `hello` begins anew, but for one of the same capture, which says that a connection was lost in between. Frames before the first `hello`
   * are not kept.
   * @param t newest packet time so far; null while it is not known, which is before the first batch: such frames belong to the start
   */
  add(frame: ServerFrame | Uint8Array, t: TimeNs | null): void;
  /** Null before the first `hello`. */
  readonly start: HistoryStart | null;
  /** Those that are kept, oldest first, from this index on, no more than `most`. What is added meanwhile is not in it. */
  entries(from?: number, most?: number): readonly HistoryEntry[];
  /** Time of the newest entry, or of the start. */
  readonly endNs: TimeNs;
  readonly bytes: number;
}

interface Kept extends HistoryEntry {
  readonly bytes: number;
}

/** The same text for two connections to one capture, or to one playing of a recording. */
export function captureOf({ host, clock, recording }: Hello): string {
  return `${host.bootId} ${clock.monotonicNs} ${clock.wallNs} ${recording?.play ?? ''}`;
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
  let isTimeKnown = false;
  let nextIndex = 0;

  function begin(hello: Hello, t: TimeNs | null): void {
    isTimeKnown = t !== null;
    endNs = t ?? (0 as TimeNs);
    start = { t: endNs, hello, ...EMPTY_PICTURE, isCut: false };
    kept = [];
    first = 0;
    bytes = 0;
    nextIndex = 0;
  }

  function trim(): void {
    while (start !== null && first < kept.length - 1) {
      const oldest = kept[first] as Kept;
      if (bytes <= maxBytes && endNs - oldest.t <= maxNs) break;
      start = { ...leaveBehind(start, oldest.frame), t: oldest.t };
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
      if (isControl && frame.type === 'hello' && (start === null || captureOf(frame) !== captureOf(start.hello))) {
        begin(frame, t);
        return;
      }
      if (start === null) return;
      if (t === null) {
        start = leaveBehind(start, frame);
        return;
      }
      if (!isTimeKnown) start = { ...start, t };
      isTimeKnown = true;
      endNs = Math.max(endNs, t) as TimeNs;
      const size = isControl ? JSON.stringify(frame).length : frame.byteLength;
      kept.push({ index: nextIndex++, t: endNs, frame, bytes: size });
      bytes += size;
      trim();
    },
    get start() {
      return start;
    },
    entries(from = 0, most = kept.length) {
      const begin = first + Math.max(0, from - (kept[first]?.index ?? 0));
      return kept.slice(begin, begin + most);
    },
    get endNs() {
      return endNs;
    },
    get bytes() {
      return bytes;
    },
  };
}

/** What it begins with once this frame is not kept. */
function leaveBehind(start: HistoryStart, frame: ServerFrame | Uint8Array): HistoryStart {
  if (frame instanceof Uint8Array) return { ...start, isCut: true };
  if (frame.type === 'hello') return { ...start, hello: frame };
  return { ...start, ...nextPicture(start, frame) };
}

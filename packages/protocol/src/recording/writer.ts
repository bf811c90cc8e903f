// Frames → the bytes of a recording, in whole blocks.
import type { ServerFrame } from '../frames.ts';
import { createBlockContent, type RecordingEntry } from './block-content.ts';
import { encodeFileHeader, encodeFooter, encodeIndex, type IndexedBlock } from './edges.ts';
import { BLOCK_HEADER_BYTES, encodeBlockHeader, type RecordingHeader } from './layout.ts';

export interface RecordingWriterOptions {
  readonly header: RecordingHeader;
  /** The whole picture as it is before the next entry, as control frames. Asked for at the start and every `keyframeEveryBytes`. */
  readonly keyframe: () => readonly ServerFrame[];
  /** Takes the bytes in order. What it throws comes out of the call that caused it; nothing is written after that. */
  readonly write: (bytes: Uint8Array) => void;
  readonly gzip: (bytes: Uint8Array) => Uint8Array;
  /** Default 1 MiB: a block of some 4,700 hops. */
  readonly blockBytes?: number;
  /** Default 16 MiB of frames. */
  readonly keyframeEveryBytes?: number;
}

export interface RecordingWriter {
  /** @param hops in the frame, when it is a batch */
  add(entry: RecordingEntry, hops: number): void;
  /** Writes what waits as a block. */
  flush(): void;
  /** Flushes and writes the index. Nothing may be added after it. */
  finish(): void;
  /** Written so far. */
  readonly bytes: number;
  readonly hops: number;
}

/** Writes the file's header at once. */
export function createRecordingWriter(options: RecordingWriterOptions): RecordingWriter {
  const { blockBytes = 1024 * 1024, keyframeEveryBytes = 16 * 1024 * 1024, gzip } = options;
  const index: IndexedBlock[] = [];
  let written = 0;
  let total = 0;
  const content = createBlockContent();
  let hops = 0;
  let firstNs = 0;
  let lastNs = 0;
  let sinceKeyframe = Number.POSITIVE_INFINITY;
  let isKeyframe = false;
  let keyframes = 0;

  function write(bytes: Uint8Array): void {
    options.write(bytes);
    written += bytes.byteLength;
  }

  function push(t: number, frame: ServerFrame | Uint8Array): void {
    const before = content.bytes;
    content.add(t, frame);
    sinceKeyframe += content.bytes - before;
    lastNs = Math.max(lastNs, t);
  }

  function flush(): void {
    if (content.isEmpty) return;
    const raw = content.take();
    const packed = gzip(raw);
    const block = {
      packedBytes: packed.byteLength,
      rawBytes: raw.byteLength,
      hops,
      firstNs,
      lastNs,
      isKeyframe,
      keyframes,
    };
    index.push({ ...block, offset: written });
    write(joined([encodeBlockHeader(block), packed], BLOCK_HEADER_BYTES + packed.byteLength));
    hops = 0;
  }

  write(encodeFileHeader(options.header));
  return {
    add({ t, frame }, count) {
      if (!content.takes(frame)) flush();
      if (content.isEmpty) {
        firstNs = t;
        lastNs = t;
        isKeyframe = sinceKeyframe >= keyframeEveryBytes;
        keyframes = 0;
        if (isKeyframe) {
          sinceKeyframe = 0;
          const picture = options.keyframe();
          keyframes = picture.length;
          for (const one of picture) push(t, one);
        }
      }
      push(t, frame);
      hops += count;
      total += count;
      if (content.bytes >= blockBytes) flush();
    },
    flush,
    finish() {
      flush();
      write(encodeFooter(gzip(encodeIndex(index)), written));
    },
    get bytes() {
      return written;
    },
    get hops() {
      return total;
    },
  };
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

// Frames in, the bytes of one recording after another out. No clock, no file: both come in as arguments.
import { gzipSync } from 'node:zlib';
import { EMPTY_PICTURE, nextPicture, type Picture, pictureFrames, RECORDING, withLoss } from '@hopscope/model';
import {
  createRecordingWriter,
  type Hello,
  type Ledger,
  type RecordingHeader,
  type RecordingWriter,
  readBatch,
  type ServerFrame,
} from '@hopscope/protocol';
import { createFrameTimes } from './frame-times.ts';

export interface RecorderOptions {
  readonly filter: string;
  /** A new recording begins when one has come to this many bytes; null = never. */
  readonly rotateBytes: number | null;
  /** @returns wall time, ms */
  readonly now: () => number;
  /** More waits to be written than may: hops that come now are left out, and counted. */
  readonly isFull: () => boolean;
  readonly begin: () => void;
  readonly write: (bytes: Uint8Array, hops: number) => void;
  readonly end: () => void;
  /** What was said before the first frame; default: nothing. */
  readonly picture?: Picture;
  /** What the author wrote about it. */
  readonly notes?: string;
}

export interface Recorder {
  onControl(frame: ServerFrame): void;
  onHops(batch: Uint8Array): void;
  /** Writes what waits. */
  flush(): void;
  finish(): void;
  /** In all recordings. */
  readonly hops: number;
  readonly bytes: number;
  /** The last one, with what could not be recorded. */
  readonly ledger: Ledger | null;
}

export function createRecorder(options: RecorderOptions): Recorder {
  const times = createFrameTimes();
  let picture: Picture = options.picture ?? EMPTY_PICTURE;
  let hello: Hello | null = null;
  let writer: RecordingWriter | null = null;
  /** Of the recordings before this one. */
  let before = { hops: 0, bytes: 0 };
  let told = 0;
  let lost = 0;

  function open(of: Hello): RecordingWriter {
    options.begin();
    const header: RecordingHeader = {
      hello: of,
      created: new Date(options.now()).toISOString(),
      filter: options.filter,
      notes: options.notes ?? '',
      redacted: false,
    };
    return createRecordingWriter({
      header,
      keyframe: () => pictureFrames(picture),
      write(bytes) {
        options.write(bytes, writer === null ? 0 : before.hops + writer.hops - told);
        told = before.hops + (writer?.hops ?? 0);
      },
      gzip: (bytes) => gzipSync(bytes),
    });
  }

  function close(): void {
    if (writer === null) return;
    writer.finish();
    options.end();
    before = { hops: before.hops + writer.hops, bytes: before.bytes + writer.bytes };
    writer = null;
  }

  function add(frame: ServerFrame | Uint8Array, hops: number): void {
    if (hello === null) return;
    const t = times.of(frame);
    const { rotateBytes } = options;
    if (rotateBytes !== null && writer !== null && writer.bytes >= rotateBytes) close();
    writer ??= open(hello);
    writer.add({ t, frame }, hops);
    if (!(frame instanceof Uint8Array)) picture = nextPicture(picture, frame);
  }

  return {
    onControl(frame) {
      if (frame.type === 'hello') {
        times.of(frame);
        hello = frame;
        writer ??= open(frame);
        return;
      }
      add(frame.type === 'ledger' ? withLoss(frame, RECORDING, lost) : frame, 0);
    },
    onHops(batch) {
      const { count } = readBatch(batch, 0n);
      if (options.isFull()) lost += count;
      else add(batch, count);
    },
    flush: () => writer?.flush(),
    finish: close,
    get hops() {
      return before.hops + (writer?.hops ?? 0);
    },
    get bytes() {
      return before.bytes + (writer?.bytes ?? 0);
    },
    get ledger() {
      return picture.ledger;
    },
  };
}

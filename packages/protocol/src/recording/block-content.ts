// What a block unpacks to: the records of its hop batches in columns, then its frames, batches without their records.
//
//   content = u32 records, u32 bytes of a record, columns, { f64 time, frame header as in codec.ts, control frame | batch header } …
import {
  encodeControlFrame,
  FRAME_HEADER_BYTES,
  FRAME_KIND,
  FrameError,
  parseControlPayload,
  writeFrameHeader,
} from '../codec.ts';
import type { ServerFrame } from '../frames.ts';
import { BATCH_HEADER_BYTES, BatchError, batchLayout, readBatch } from '../hop-batch.ts';
import type { TimeNs } from '../ids.ts';
import { RECORD_BYTES } from '../record-layout.ts';
import { readColumns, toColumns } from './columns.ts';
import { CONTROL_MAX_BYTES, ENTRIES_MAX } from './layout.ts';

/** A control frame or a hop batch, and when it came in packet time. */
export interface RecordingEntry {
  readonly t: TimeNs;
  readonly frame: ServerFrame | Uint8Array;
}

const PREFIX_BYTES = 8;
const TIME_BYTES = 8;
/** Of a header or a record: longer ones than these are no Hopscope's. */
const LAYOUT_MAX_BYTES = 4096;

export interface BlockContent {
  /** What is added stays the caller's: it is copied. */
  add(t: number, frame: ServerFrame | Uint8Array): void;
  /** Whether a batch can be in it: all of its records have one size. */
  takes(frame: ServerFrame | Uint8Array): boolean;
  /** Of the content, so far. */
  readonly bytes: number;
  readonly isEmpty: boolean;
  /** All of it; begins anew. */
  take(): Uint8Array;
}

export function createBlockContent(): BlockContent {
  let frames: Uint8Array[] = [];
  let rows: Uint8Array[] = [];
  let recordBytes = 0;
  let bytes = PREFIX_BYTES;

  function push(list: Uint8Array[], part: Uint8Array): void {
    list.push(part);
    bytes += part.byteLength;
  }

  return {
    takes: (frame) =>
      !(frame instanceof Uint8Array) || rows.length === 0 || batchLayout(frame).recordBytes === recordBytes,
    add(t, frame) {
      const time = new Uint8Array(TIME_BYTES);
      new DataView(time.buffer).setFloat64(0, t, true);
      push(frames, time);
      if (!(frame instanceof Uint8Array)) {
        push(frames, encodeControlFrame(frame));
        return;
      }
      const layout = batchLayout(frame);
      const header = new Uint8Array(FRAME_HEADER_BYTES + layout.headerBytes);
      writeFrameHeader(header, FRAME_KIND.hops, layout.headerBytes);
      header.set(frame.subarray(0, layout.headerBytes), FRAME_HEADER_BYTES);
      push(frames, header);
      if (frame.byteLength === layout.headerBytes) return;
      recordBytes = layout.recordBytes;
      push(rows, new Uint8Array(frame.subarray(layout.headerBytes)));
    },
    get bytes() {
      return bytes;
    },
    get isEmpty() {
      return frames.length === 0;
    },
    take() {
      const content = new Uint8Array(bytes);
      const columns = toColumns(rows, recordBytes);
      const view = new DataView(content.buffer);
      view.setUint32(0, recordBytes === 0 ? 0 : columns.byteLength / recordBytes, true);
      view.setUint32(4, recordBytes, true);
      content.set(columns, PREFIX_BYTES);
      let at = PREFIX_BYTES + columns.byteLength;
      for (const part of frames) {
        content.set(part, at);
        at += part.byteLength;
      }
      frames = [];
      rows = [];
      recordBytes = 0;
      bytes = PREFIX_BYTES;
      return content;
    },
  };
}

/** What is wrong with a block's content, and where in it. */
export class ContentError extends Error {
  override name = 'ContentError';
  readonly at: number;
  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** @throws ContentError */
export function readBlockContent(content: Uint8Array): RecordingEntry[] {
  if (content.byteLength < PREFIX_BYTES) throw new ContentError(0, 'it has no beginning');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const count = view.getUint32(0, true);
  const recordBytes = view.getUint32(4, true);
  const isPossible = count === 0 || (recordBytes >= RECORD_BYTES && recordBytes <= LAYOUT_MAX_BYTES);
  if (!isPossible || count * recordBytes > content.byteLength - PREFIX_BYTES) {
    throw new ContentError(0, `${count} records of ${recordBytes} bytes cannot be in it`);
  }
  const begin = PREFIX_BYTES + count * recordBytes;
  const records = readColumns(content.subarray(PREFIX_BYTES, begin), count, recordBytes);
  const entries: RecordingEntry[] = [];
  let at = begin;
  while (at < content.byteLength) {
    const payload = at + TIME_BYTES + FRAME_HEADER_BYTES;
    if (payload > content.byteLength) throw new ContentError(at, 'it ends inside of a frame');
    const t = view.getFloat64(at, true);
    const bytes = view.getUint32(at + TIME_BYTES, true);
    const kind = view.getUint32(at + TIME_BYTES + 4, true);
    if (entries.length === ENTRIES_MAX) throw new ContentError(at, `more than ${ENTRIES_MAX} frames`);
    if (!Number.isFinite(t)) throw new ContentError(at, 'a frame without a time');
    if (bytes > content.byteLength - payload) throw new ContentError(at, 'it ends inside of a frame');
    entries.push({ t: t as TimeNs, frame: readFrame(content.subarray(payload, payload + bytes), kind, at) });
    at = payload + bytes;
  }
  if (records.left > 0) throw new ContentError(at, `${records.left} records belong to no batch`);
  return entries;

  function readFrame(bytes: Uint8Array, kind: number, where: number): RecordingEntry['frame'] {
    try {
      if (kind === FRAME_KIND.hops) return restore(bytes, where);
      if (kind !== FRAME_KIND.control) throw new ContentError(where, `unknown frame kind ${kind}`);
      if (bytes.byteLength <= CONTROL_MAX_BYTES) return parseControlPayload(bytes);
    } catch (error) {
      if (error instanceof FrameError || error instanceof BatchError) throw new ContentError(where, error.message);
      throw error;
    }
    throw new ContentError(where, `a control frame of ${bytes.byteLength} bytes, at most ${CONTROL_MAX_BYTES}`);
  }

  /** A batch's header gets its records back. */
  function restore(header: Uint8Array, where: number): Uint8Array {
    if (header.byteLength < SHORTEST_BATCH_BYTES || header.byteLength > LAYOUT_MAX_BYTES) {
      throw new ContentError(where, `a batch header of ${header.byteLength} bytes`);
    }
    const wanted = new DataView(header.buffer, header.byteOffset).getUint32(8, true);
    if (wanted > records.left) throw new ContentError(where, `a batch of ${wanted} records, ${records.left} are left`);
    const batch = new Uint8Array(header.byteLength + wanted * recordBytes);
    batch.set(header);
    records.read(wanted, batch, header.byteLength);
    readBatch(batch, 0n); // only to check it
    return batch;
  }
}

/** What every batch header has had since the first. */
const SHORTEST_BATCH_BYTES = Math.min(32, BATCH_HEADER_BYTES);

// A recording's bytes → frames. Nothing in a file is believed before it was held against the bounds in layout.ts.
import * as v from 'valibot';
import { ContentError, type RecordingEntry, readBlockContent } from './block-content.ts';
import { recordingInIncident } from './incident.ts';
import {
  BLOCK_HEADER_BYTES,
  BLOCKS_MAX,
  type BlockHeader,
  decodeBlockHeader,
  END_MAGIC,
  FILE_HEADER_BYTES,
  FILE_MAGIC,
  FOOTER_END_BYTES,
  FOOTER_HEADER_BYTES,
  HEADER_MAX_BYTES,
  INDEX_MAGIC,
  INDEX_MAX_BYTES,
  RECORDING_VERSION,
  RecordingHeader,
  RecordingIndex,
} from './layout.ts';
import { RecordingError, type RecordingSource } from './source.ts';

/** Unpacks gzip. @throws any Error when the bytes are no gzip or give more than `maxBytes` */
export type Gunzip = (packed: Uint8Array, maxBytes: number) => Promise<Uint8Array> | Uint8Array;

export interface RecordingBlock extends BlockHeader {
  /** Of the block's header in the file. */
  readonly offset: number;
}

export interface Recording {
  readonly header: RecordingHeader;
  /** Whole blocks, in order. */
  readonly blocks: readonly RecordingBlock[];
  /** Where reading had to stop before the end, and why; null for a whole file. What comes before it is good. */
  readonly damage: { readonly offset: number; readonly message: string } | null;
  /** @throws RecordingError when the block's content is broken */
  read(block: RecordingBlock): Promise<RecordingEntry[]>;
}

/** @param file a recording, or an incident page with one in it @throws RecordingError when it is no recording, of a newer version, or its header is broken */
export async function openRecording(file: RecordingSource, gunzip: Gunzip): Promise<Recording> {
  const source = (await recordingInIncident(file)) ?? file;
  const header = await readHeader(source);
  const begin = header.end;
  const { blocks, damage } = (await readIndex(source, gunzip, begin)) ?? (await scanBlocks(source, begin));
  return {
    header: header.header,
    blocks,
    damage,
    async read(block) {
      const packed = await source.read(block.offset + BLOCK_HEADER_BYTES, block.packedBytes);
      let raw: Uint8Array;
      try {
        raw = await gunzip(packed, block.rawBytes);
      } catch (error) {
        throw new RecordingError(`the block at byte ${block.offset} cannot be unpacked: ${messageOf(error)}`);
      }
      if (raw.byteLength !== block.rawBytes) {
        throw new RecordingError(
          `the block at byte ${block.offset} has ${raw.byteLength} bytes instead of ${block.rawBytes}`,
        );
      }
      try {
        return readBlockContent(raw);
      } catch (error) {
        if (!(error instanceof ContentError)) throw error;
        throw new RecordingError(
          `the block at byte ${block.offset} is broken at its byte ${error.at}: ${error.message}`,
        );
      }
    },
  };
}

const decoder = new TextDecoder('utf-8', { fatal: true });
const ascii = new TextDecoder('latin1');

async function readHeader(source: RecordingSource): Promise<{ header: RecordingHeader; end: number }> {
  const start = await source.read(0, FILE_HEADER_BYTES);
  if (start.byteLength < FILE_HEADER_BYTES || ascii.decode(start.subarray(0, 8)) !== FILE_MAGIC) {
    throw new RecordingError(`this is no Hopscope recording: it does not begin with ${FILE_MAGIC}`);
  }
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const version = view.getUint16(8, true);
  if (version > RECORDING_VERSION) {
    throw new RecordingError(
      `this recording has version ${version}, this Hopscope reads up to ${RECORDING_VERSION}: use a newer one`,
    );
  }
  const bytes = view.getUint32(12, true);
  if (bytes > HEADER_MAX_BYTES) {
    throw new RecordingError(`the header at byte 12 claims ${bytes} bytes, at most ${HEADER_MAX_BYTES}`);
  }
  const json = await source.read(FILE_HEADER_BYTES, bytes);
  if (json.byteLength < bytes) {
    throw new RecordingError(`the file ends at byte ${source.bytes}, inside of its header`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(decoder.decode(json));
  } catch {
    throw new RecordingError(`the header at byte ${FILE_HEADER_BYTES} is no JSON`);
  }
  const result = v.safeParse(RecordingHeader, parsed, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw new RecordingError(
      `the header at byte ${FILE_HEADER_BYTES}: ${v.getDotPath(issue) ?? 'top level'}: ${issue.message}`,
    );
  }
  return { header: result.output, end: FILE_HEADER_BYTES + bytes };
}

type Blocks = Pick<Recording, 'blocks' | 'damage'>;

/** Where the footer says that it begins; null when the file does not end in one. */
async function readFooterOffset(source: RecordingSource): Promise<number | null> {
  const end = await source.read(Math.max(0, source.bytes - FOOTER_END_BYTES), FOOTER_END_BYTES);
  if (end.byteLength < FOOTER_END_BYTES || ascii.decode(end.subarray(8)) !== END_MAGIC) return null;
  return Number(new DataView(end.buffer, end.byteOffset, end.byteLength).getBigUint64(0, true));
}

/** Null when there is none that can be believed: then the blocks themselves tell. */
async function readIndex(source: RecordingSource, gunzip: Gunzip, begin: number): Promise<Blocks | null> {
  const offset = await readFooterOffset(source);
  if (offset === null || offset < begin || offset + FOOTER_HEADER_BYTES + FOOTER_END_BYTES > source.bytes) return null;
  const head = await source.read(offset, FOOTER_HEADER_BYTES);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const packedBytes = view.getUint32(4, true);
  if (view.getUint32(0, true) !== INDEX_MAGIC || packedBytes > INDEX_MAX_BYTES) return null;
  try {
    const packed = await source.read(offset + FOOTER_HEADER_BYTES, packedBytes);
    const index = v.parse(RecordingIndex, JSON.parse(decoder.decode(await gunzip(packed, INDEX_MAX_BYTES))));
    const blocks: RecordingBlock[] = [];
    let at = begin;
    if (index.length > BLOCKS_MAX) return null;
    for (const entry of index) {
      const block = await readBlockAt(source, at, offset);
      if (entry.offset !== at || typeof block === 'string') return null;
      blocks.push(block);
      at += BLOCK_HEADER_BYTES + block.packedBytes;
    }
    return at === offset ? { blocks, damage: null } : null;
  } catch {
    return null;
  }
}

/** Steps from block to block, up to the footer, the end, or the first that is not whole. */
async function scanBlocks(source: RecordingSource, begin: number): Promise<Blocks> {
  const blocks: RecordingBlock[] = [];
  const footer = await readFooterOffset(source);
  let at = begin;
  while (at < source.bytes) {
    // An index too long to be read, or of a newer kind: the blocks are all there.
    if (at === footer) return { blocks, damage: null };
    if (blocks.length === BLOCKS_MAX)
      return { blocks, damage: { offset: at, message: `more than ${BLOCKS_MAX} blocks` } };
    const block = await readBlockAt(source, at, source.bytes);
    if (typeof block === 'string') return { blocks, damage: { offset: at, message: block } };
    blocks.push(block);
    at += BLOCK_HEADER_BYTES + block.packedBytes;
  }
  return { blocks, damage: { offset: at, message: 'the recording was not finished' } };
}

async function readBlockAt(source: RecordingSource, offset: number, end: number): Promise<RecordingBlock | string> {
  const bytes = await source.read(offset, BLOCK_HEADER_BYTES);
  if (bytes.byteLength < BLOCK_HEADER_BYTES) return 'the file ends inside of a block';
  const block = decodeBlockHeader(bytes);
  if (typeof block === 'string') return block;
  if (offset + BLOCK_HEADER_BYTES + block.packedBytes > end) return 'the file ends inside of a block';
  return { ...block, offset };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

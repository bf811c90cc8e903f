// How a recording lies in its file. docs/recording.md describes it for others; all numbers are little-endian.
//
//   file   = magic "HOPSFILE", u16 version, u16 0, u32 header bytes, header (JSON), block …, footer?
//   block  = magic "HBLK", u32 packed bytes, u32 raw bytes, u32 hops, f64 first time, f64 last time, u32 flags, u32 keyframes, packed (gzip)
//   raw    = see block-content.ts
//   footer = magic "HIDX", u32 packed bytes, index (gzip of JSON), u64 offset of the footer, magic "HOPSDONE"
//
// Blocks are written whole and never changed. A file without its footer is read by stepping from block to block.
import * as v from 'valibot';
import { Hello } from '../frames.ts';

/** Raised when an older reader could not make sense of a file. */
export const RECORDING_VERSION = 1;

export const FILE_MAGIC = 'HOPSFILE';
export const END_MAGIC = 'HOPSDONE';
const BLOCK_MAGIC = 0x4b4c4248; // "HBLK"
export const INDEX_MAGIC = 0x58444948; // "HIDX"

export const FILE_HEADER_BYTES = 16;
export const BLOCK_HEADER_BYTES = 40;
export const FOOTER_HEADER_BYTES = 8;
export const FOOTER_END_BYTES = 16;

/** Bounds that a reader holds every file to, so that none can make it allocate more. */
export const HEADER_MAX_BYTES = 4 * 1024 * 1024;
const PACKED_MAX_BYTES = 32 * 1024 * 1024;
const RAW_MAX_BYTES = 80 * 1024 * 1024;
/** A gzip member has a header of 10 bytes and a trailer of 8. */
const PACKED_MIN_BYTES = 18;
export const INDEX_MAX_BYTES = 16 * 1024 * 1024;
/** At one a second, 11 days. */
export const BLOCKS_MAX = 1_000_000;
/** A block is written at 1 MiB, and the smallest frames have some 60 bytes. */
export const ENTRIES_MAX = 100_000;
/** The largest honest one is a topology of thousands of links. */
export const CONTROL_MAX_BYTES = 16 * 1024 * 1024;

/** The block begins with the whole picture: topology, names of locations, ledger. */
const BLOCK_KEYFRAME = 1;

export const RecordingHeader = v.object({
  /** As of the capture, with its record layout, host, kernel and clocks. */
  hello: Hello,
  /** When the recording began: ISO 8601, UTC. */
  created: v.string(),
  /** How the capture was filtered, as written on the command line; empty = everything that Hopscope sees by default. */
  filter: v.string(),
  /** What the author wrote about it. */
  notes: v.string(),
  /** Addresses and names are stand-ins. */
  redacted: v.boolean(),
});
export type RecordingHeader = v.InferOutput<typeof RecordingHeader>;

export interface BlockHeader {
  readonly packedBytes: number;
  readonly rawBytes: number;
  readonly hops: number;
  readonly firstNs: number;
  readonly lastNs: number;
  readonly isKeyframe: boolean;
  /** So many frames at its start say again what frames before it have said: who reads from the start leaves them out. */
  readonly keyframes: number;
}

export function encodeBlockHeader(block: BlockHeader): Uint8Array {
  const bytes = new Uint8Array(BLOCK_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, BLOCK_MAGIC, true);
  view.setUint32(4, block.packedBytes, true);
  view.setUint32(8, block.rawBytes, true);
  view.setUint32(12, block.hops, true);
  view.setFloat64(16, block.firstNs, true);
  view.setFloat64(24, block.lastNs, true);
  view.setUint32(32, block.isKeyframe ? BLOCK_KEYFRAME : 0, true);
  view.setUint32(36, block.keyframes, true);
  return bytes;
}

/** What is wrong with the block, or its header. */
export function decodeBlockHeader(bytes: Uint8Array): BlockHeader | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < BLOCK_HEADER_BYTES || view.getUint32(0, true) !== BLOCK_MAGIC) return 'no block begins here';
  const block = {
    packedBytes: view.getUint32(4, true),
    rawBytes: view.getUint32(8, true),
    hops: view.getUint32(12, true),
    firstNs: view.getFloat64(16, true),
    lastNs: view.getFloat64(24, true),
    isKeyframe: (view.getUint32(32, true) & BLOCK_KEYFRAME) !== 0,
    keyframes: view.getUint32(36, true),
  };
  if (block.packedBytes < PACKED_MIN_BYTES)
    return `a block of ${block.packedBytes} bytes, at least ${PACKED_MIN_BYTES}`;
  if (block.packedBytes > PACKED_MAX_BYTES) return `a block of ${block.packedBytes} bytes, at most ${PACKED_MAX_BYTES}`;
  if (block.rawBytes > RAW_MAX_BYTES) return `a block of ${block.rawBytes} bytes unpacked, at most ${RAW_MAX_BYTES}`;
  if (!(block.firstNs <= block.lastNs && Number.isFinite(block.lastNs - block.firstNs)))
    return 'a block whose times run backwards';
  return block;
}

export const RecordingIndex = v.array(
  v.object({ offset: v.number(), packedBytes: v.number(), hops: v.number(), firstNs: v.number(), lastNs: v.number() }),
);

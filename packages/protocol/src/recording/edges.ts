// The two ends of a file: its header, and its index.
import {
  type BlockHeader,
  END_MAGIC,
  FILE_HEADER_BYTES,
  FILE_MAGIC,
  FOOTER_END_BYTES,
  FOOTER_HEADER_BYTES,
  INDEX_MAGIC,
  RECORDING_VERSION,
  type RecordingHeader,
} from './layout.ts';

export interface IndexedBlock extends BlockHeader {
  /** Of its header in the file. */
  readonly offset: number;
}

const encoder = new TextEncoder();

export function encodeFileHeader(header: RecordingHeader): Uint8Array {
  const json = encoder.encode(JSON.stringify(header));
  const bytes = new Uint8Array(FILE_HEADER_BYTES + json.byteLength);
  const view = new DataView(bytes.buffer);
  bytes.set(encoder.encode(FILE_MAGIC));
  view.setUint16(8, RECORDING_VERSION, true);
  view.setUint32(12, json.byteLength, true);
  bytes.set(json, FILE_HEADER_BYTES);
  return bytes;
}

/** What the footer packs. */
export function encodeIndex(blocks: readonly IndexedBlock[]): Uint8Array {
  const entries = blocks.map(({ offset, packedBytes, hops, firstNs, lastNs }) => ({
    offset,
    packedBytes,
    hops,
    firstNs,
    lastNs,
  }));
  return encoder.encode(JSON.stringify(entries));
}

/** @param at its own offset in the file */
export function encodeFooter(packedIndex: Uint8Array, at: number): Uint8Array {
  const bytes = new Uint8Array(FOOTER_HEADER_BYTES + packedIndex.byteLength + FOOTER_END_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, INDEX_MAGIC, true);
  view.setUint32(4, packedIndex.byteLength, true);
  bytes.set(packedIndex, FOOTER_HEADER_BYTES);
  view.setBigUint64(FOOTER_HEADER_BYTES + packedIndex.byteLength, BigInt(at), true);
  bytes.set(encoder.encode(END_MAGIC), bytes.byteLength - END_MAGIC.length);
  return bytes;
}

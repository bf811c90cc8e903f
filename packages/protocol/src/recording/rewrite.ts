// A recording → another one: with another header, and with every frame changed where that is asked for. Blocks keep their order and times.
import type { ServerFrame } from '../frames.ts';
import { createBlockContent } from './block-content.ts';
import { encodeFileHeader, encodeFooter, encodeIndex, type IndexedBlock } from './edges.ts';
import { BLOCK_HEADER_BYTES, encodeBlockHeader, type RecordingHeader } from './layout.ts';
import type { Recording } from './reader.ts';
import type { RecordingSource } from './source.ts';

export interface RewriteOptions {
  readonly source: RecordingSource;
  readonly recording: Recording;
  readonly header: RecordingHeader;
  /** Frame for frame; default: blocks are copied as they are, unread. */
  readonly change?: ((frame: ServerFrame | Uint8Array) => ServerFrame | Uint8Array) | undefined;
  gzip(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** The bytes, in order. Damage ends with it: the result is whole. @throws RecordingError at a block that is broken, if frames are changed */
export async function* rewriteRecording(options: RewriteOptions): AsyncGenerator<Uint8Array> {
  const { source, recording, header, change, gzip } = options;
  const index: IndexedBlock[] = [];
  const head = encodeFileHeader(header);
  yield head;
  let at = head.byteLength;
  for (const block of recording.blocks) {
    const packed =
      change === undefined
        ? { block, bytes: await source.read(block.offset + BLOCK_HEADER_BYTES, block.packedBytes) }
        : await changed(block, change);
    yield encodeBlockHeader(packed.block);
    yield packed.bytes;
    index.push({ ...packed.block, offset: at });
    at += BLOCK_HEADER_BYTES + packed.bytes.byteLength;
  }
  yield encodeFooter(await gzip(encodeIndex(index)), at);

  async function changed(block: Recording['blocks'][number], by: NonNullable<RewriteOptions['change']>) {
    const content = createBlockContent();
    for (const { t, frame } of await recording.read(block)) content.add(t, by(frame));
    const raw = content.take();
    const bytes = await gzip(raw);
    return { block: { ...block, packedBytes: bytes.byteLength, rawBytes: raw.byteLength }, bytes };
  }
}

// A recording again: with stand-ins, whole after damage, without its author's words.
import { gzipSync } from 'node:zlib';
import { EMPTY_PICTURE, nextPicture, type Picture, pictureFrames } from '@hopscope/model';
import { createRecordingWriter, type RecordingWriter, readBatch, type ServerFrame } from '@hopscope/protocol';
import { EXIT, Failure } from '../lib/failure.ts';
import type { ExportFormat, ExportSource } from './format.ts';

/** The bytes of a recording of all that the source tells, in pieces of some 100 kB. */
export async function* recordingBytes(source: ExportSource): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let picture: Picture = EMPTY_PICTURE;
  let writer: RecordingWriter | null = null;
  const open = () =>
    createRecordingWriter({
      header: source.header,
      keyframe: () => pictureFrames(picture),
      write: (bytes) => parts.push(bytes),
      gzip: (bytes) => gzipSync(bytes),
    });
  for await (const entries of source.frames()) {
    for (const entry of entries) {
      const { frame } = entry;
      const isBatch = frame instanceof Uint8Array;
      // One that begins some time after its capture begins with a whole picture, which the writer asks for.
      if (writer === null && source.begin === 'here' && isPicture(frame)) {
        picture = nextPicture(picture, frame);
        continue;
      }
      writer ??= open();
      writer.add(entry, isBatch ? readBatch(frame, 0n).count : 0);
      if (!isBatch) picture = nextPicture(picture, frame);
    }
    yield* parts;
    parts = [];
  }
  writer ??= open();
  writer.finish();
  yield* parts;
}

function isPicture(frame: ServerFrame | Uint8Array): frame is ServerFrame {
  return !(frame instanceof Uint8Array) && ['topology', 'locations', 'ledger'].includes(frame.type);
}

export const recording: ExportFormat = {
  ending: '.hops',
  about: 'a recording',
  async write(source, { displayFilter }, output) {
    if (displayFilter !== '') {
      throw new Failure(EXIT.usage, 'a recording keeps what was captured: --display-filter is for the other formats');
    }
    for await (const bytes of recordingBytes(source)) await output(bytes);
  },
};

// A recording written again: as it is, with another header, and with stand-ins.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createRedactor, redactRecording } from '@hopscope/model';
import { openRecording, type Recording, type RecordingSource, rewriteRecording } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';

const sourceOf = (bytes: Uint8Array): RecordingSource => ({
  bytes: bytes.byteLength,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
});
const open = (bytes: Uint8Array): Promise<Recording> =>
  openRecording(sourceOf(bytes), (packed, maxBytes) => gunzipSync(packed, { maxOutputLength: maxBytes }));
const read = (name: string): Promise<Uint8Array> => readFile(join(import.meta.dirname, '../../recordings', name));

async function collect(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}
const entriesOf = async (recording: Recording) =>
  (await Promise.all(recording.blocks.map((block) => recording.read(block)))).flat();
/** One text for all that is in it: element by element, a hundred thousand bytes take seconds to compare. */
const contentOf = async (recording: Recording): Promise<string> =>
  (await entriesOf(recording))
    .map(
      ({ t, frame }) =>
        `${t} ${frame instanceof Uint8Array ? Buffer.from(frame).toString('base64') : JSON.stringify(frame)}`,
    )
    .join('\n');

describe('a recording that is written again', () => {
  it('keeps every frame and gets another header', async () => {
    const bytes = await read('flood.hops');
    const recording = await open(bytes);
    const header = { ...recording.header, notes: 'it was the firewall' };
    const again = await collect(
      rewriteRecording({ source: sourceOf(bytes), recording, header, gzip: (raw) => gzipSync(raw) }),
    );
    const reopened = await open(again);
    expect(reopened.damage).toBeNull();
    expect(reopened.header).toEqual(header);
    expect((await contentOf(reopened)) === (await contentOf(recording))).toBe(true);
  });

  it('is whole although the one before was cut', async () => {
    const bytes = (await read('flood.hops')).subarray(0, -100);
    const recording = await open(bytes);
    expect(recording.damage).not.toBeNull();
    const { header } = recording;
    const again = await collect(
      rewriteRecording({ source: sourceOf(bytes), recording, header, gzip: (raw) => gzipSync(raw) }),
    );
    const reopened = await open(again);
    expect(reopened.damage).toBeNull();
    expect(reopened.blocks.length).toBe(recording.blocks.length);
  });

  it('has stand-ins in it for all that names the machine, and as many hops', async () => {
    const bytes = await read('nat.hops');
    const recording = await open(bytes);
    const redactor = createRedactor(new Uint8Array(32).fill(7));
    const again = await collect(
      redactRecording({ source: sourceOf(bytes), recording, redactor, gzip: (raw) => gzipSync(raw) }),
    );
    const reopened = await open(again);
    const text = JSON.stringify([
      reopened.header,
      (await entriesOf(reopened)).map(({ frame }) => (frame instanceof Uint8Array ? '' : frame)),
    ]);
    expect(JSON.stringify(recording.header)).toContain(recording.header.hello.host.name);
    for (const original of ['172.17.0.2', '192.0.2.1', 'veth4b1f2a0', '"outside"']) {
      expect(text).not.toContain(original);
    }
    expect(reopened.header.redacted).toBe(true);
    expect(reopened.blocks.map(({ hops }) => hops)).toEqual(recording.blocks.map(({ hops }) => hops));
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createAssembler } from '@hopscope/model';
import {
  BATCH_HEADER_BYTES,
  createRecordingWriter,
  type Hello,
  openRecording,
  RECORD_BYTES,
  RECORD_LAYOUT,
  type Recording,
  type RecordingEntry,
  RecordingError,
  type RecordingHeader,
  type RecordingSource,
  readBatch,
  type ServerFrame,
  type TimeNs,
  writeBatchHeader,
} from '@hopscope/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

/** A real one. */
const SAMPLE = join(import.meta.dirname, '../../recordings/drop-no-route.hops');

/** HOPSCOPE_MUTATIONS=48000 makes 100,800 files in all; the ordinary run makes some. */
const MUTATIONS = Number(process.env.HOPSCOPE_MUTATIONS ?? 1000);

const hello: Hello = {
  type: 'hello',
  ...RECORD_LAYOUT,
  agent: { version: '0' },
  host: { name: 'host', kernel: '6', bootId: '' },
  clock: { monotonicNs: '0', wallNs: '0' },
  dropReasons: {},
  features: [],
  lab: false,
};
const header: RecordingHeader = {
  hello,
  created: '2026-11-22T20:00:00.000Z',
  filter: '',
  notes: '<b>it broke</b>',
  redacted: false,
};
const snapshot: ServerFrame = { type: 'topology', version: 7, topology: { namespaces: [] } };

function batch(firstHop: number, count: number): Uint8Array {
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + count * RECORD_BYTES);
  writeBatchHeader(bytes, count, firstHop);
  for (let i = BATCH_HEADER_BYTES; i < bytes.length; i += 7) bytes[i] = (firstHop + i) & 0xff;
  return bytes;
}

const entries: RecordingEntry[] = Array.from({ length: 40 }, (_, i) => ({
  t: (i * 1000) as TimeNs,
  frame: i % 5 === 4 ? { type: 'notice', level: 'info', text: `notice ${i} ü` } : batch(i * 3, 3),
}));
const hopsOf = ({ frame }: RecordingEntry) => (frame instanceof Uint8Array ? 3 : 0);

function record(finish = true): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = createRecordingWriter({
    header,
    keyframe: () => [snapshot],
    write: (bytes) => parts.push(bytes),
    gzip: (bytes) => gzipSync(bytes),
    blockBytes: 4000,
    keyframeEveryBytes: 9000,
  });
  for (const entry of entries) writer.add(entry, hopsOf(entry));
  if (finish) writer.finish();
  else writer.flush();
  const bytes = new Uint8Array(Buffer.concat(parts));
  expect(writer.bytes).toBe(bytes.length);
  expect(writer.hops).toBe(32 * 3);
  return bytes;
}

function sourceOf(bytes: Uint8Array): RecordingSource {
  return { bytes: bytes.length, read: async (offset, length) => bytes.slice(offset, offset + length) };
}
/** Every size that anything was asked to unpack to. */
const unpacked: number[] = [];
function gunzip(packed: Uint8Array, maxBytes: number): Uint8Array {
  unpacked.push(maxBytes);
  return new Uint8Array(gunzipSync(packed, { maxOutputLength: Math.max(1, maxBytes) }));
}
const open = (bytes: Uint8Array) => openRecording(sourceOf(bytes), gunzip);

async function readAll(recording: Recording): Promise<RecordingEntry[]> {
  const all: RecordingEntry[] = [];
  for (const block of recording.blocks) all.push(...(await recording.read(block)));
  return all;
}
const withoutKeyframes = (all: readonly RecordingEntry[]) =>
  all.filter(({ frame }) => frame instanceof Uint8Array || frame.type !== 'topology');

describe('a recording', { timeout: 60_000 + 10 * MUTATIONS }, () => {
  it('gives back what went in, block by block', async () => {
    const recording = await open(record());
    expect(recording).toMatchObject({ header, damage: null });
    expect(recording.blocks.length).toBeGreaterThan(3);
    expect(recording.blocks.filter(({ isKeyframe }) => isKeyframe).length).toBeGreaterThan(1);
    expect(recording.blocks[0]).toMatchObject({ firstNs: 0, isKeyframe: true });
    expect(recording.blocks.at(-1)).toMatchObject({ lastNs: 39_000 });
    const all = await readAll(recording);
    expect(withoutKeyframes(all)).toEqual(entries);
    expect(all[0]).toEqual({ t: 0, frame: snapshot });
    expect(recording.blocks.reduce((sum, { hops }) => sum + hops, 0)).toBe(96);
  });

  it('that was not finished is read all the same, and says so', async () => {
    const bytes = record(false);
    const recording = await open(bytes);
    expect(recording.damage).toEqual({ offset: bytes.length, message: 'the recording was not finished' });
    expect(withoutKeyframes(await readAll(recording))).toEqual(entries);
  });

  it('cut anywhere is read up to its last whole block', async () => {
    const whole = record();
    const { blocks } = await open(whole);
    for (let length = whole.length - 1; length >= 0; length -= 13) {
      const opened = await open(whole.subarray(0, length)).catch((error: unknown) => error);
      if (opened instanceof RecordingError) {
        expect(length).toBeLessThan(blocks[0]?.offset ?? 0);
        continue;
      }
      const recording = opened as Recording;
      const kept = blocks.filter(({ offset, packedBytes }) => offset + 40 + packedBytes <= length);
      expect(recording.blocks).toEqual(kept);
      expect(recording.damage?.offset).toBeLessThanOrEqual(length);
      await readAll(recording);
    }
  });

  it('of something else, or of a newer version, is refused with one clear line', async () => {
    await expect(open(new Uint8Array(0))).rejects.toThrow('no Hopscope recording');
    await expect(open(Buffer.from('\x0a\x0d\x0d\x0a a capture of another program'))).rejects.toThrow(RecordingError);
    const newer = record();
    newer[8] = 2;
    await expect(open(newer)).rejects.toThrow('has version 2, this Hopscope reads up to 1');
    const large = record();
    large.set([0xff, 0xff, 0xff, 0x7f], 12);
    await expect(open(large)).rejects.toThrow('at most');
    const broken = record();
    broken[16] = 0;
    await expect(open(broken)).rejects.toThrow('is no JSON');
  });

  it('that would unpack to more than it declares is refused', async () => {
    const bytes = record();
    const [first] = (await open(bytes)).blocks;
    if (first === undefined) throw new Error('a block');
    const bomb = gzipSync(new Uint8Array(50_000_000));
    const small = Buffer.concat([bytes.subarray(0, first.offset + 40), bomb]);
    new DataView(small.buffer, small.byteOffset).setUint32(first.offset + 4, bomb.length, true);
    const recording = await open(small);
    await expect(readAll(recording)).rejects.toThrow(`the block at byte ${first.offset} cannot be unpacked`);
  });

  it('with any bytes changed is read, or refused with an error of its own; nothing is unpacked beyond the bounds', async () => {
    const good = record();
    unpacked.length = 0;
    await fc.assert(
      fc.asyncProperty(changesOf(good.length), (changes) => readOrRefuse(mutated(good, changes))),
      { numRuns: MUTATIONS },
    );
    expect(Math.max(...unpacked)).toBeLessThanOrEqual(80 * 1024 * 1024);
  });

  it('with any bytes changed in what a block unpacks to, likewise; and what is read can be looked at', async () => {
    const good = await packable(readFileSync(SAMPLE));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.contents.length - 1),
        fc.nat(1e9),
        changesOf(2 ** 20),
        async (which, salt, changes) => {
          const contents = good.contents.map((content, i) => {
            if (i !== which) return content;
            return mutated(
              content,
              changes.map(([at, value]) => [(at + salt) % content.length, value]),
            );
          });
          await readOrRefuse(good.pack(contents));
        },
      ),
      { numRuns: MUTATIONS },
    );
  });

  it('that is cut, lengthened or repeated anywhere, likewise', async () => {
    const good = record();
    const at = fc.nat(good.length);
    await fc.assert(
      fc.asyncProperty(at, at, at, async (from, to, where) => {
        const part = good.subarray(Math.min(from, to), Math.max(from, to));
        await readOrRefuse(new Uint8Array(Buffer.concat([good.subarray(0, where), part, good.subarray(where)])));
      }),
      { numRuns: Math.ceil(MUTATIONS / 10) },
    );
  });
});

const changesOf = (bytes: number) => fc.array(fc.tuple(fc.nat(bytes - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });

function mutated(bytes: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array {
  const changed = bytes.slice();
  for (const [at, value] of changes) changed[at] = value;
  return changed;
}

/** Whoever reads it may get an error that says what is wrong, and nothing else that is bad. */
async function readOrRefuse(bytes: Uint8Array): Promise<void> {
  try {
    const recording = await open(bytes);
    const { hello } = recording.header;
    const assembler = createAssembler({ dropReasons: hello.dropReasons });
    for (const { frame } of await readAll(recording)) {
      if (!(frame instanceof Uint8Array)) continue;
      const batch = readBatch(frame, BigInt(hello.clock.monotonicNs));
      for (let i = 0; i < batch.count; i++) assembler.add(batch.hop(i));
    }
    for (const id of assembler.ids()) assembler.exchange(id);
  } catch (error) {
    expect(error).toBeInstanceOf(RecordingError);
  }
}

/** A recording taken apart, to be put together again with other contents and true lengths. */
async function packable(bytes: Uint8Array) {
  const { blocks } = await open(bytes);
  const start = bytes.subarray(0, blocks[0]?.offset ?? 0);
  const heads = blocks.map(({ offset }) => bytes.slice(offset, offset + 40));
  const contents = blocks.map(
    ({ offset, packedBytes }) => new Uint8Array(gunzipSync(bytes.subarray(offset + 40, offset + 40 + packedBytes))),
  );
  return {
    contents,
    pack(others: readonly Uint8Array[]): Uint8Array {
      const parts = others.flatMap((content, i) => {
        const packed = gzipSync(content, { level: 1 });
        const head = (heads[i] as Uint8Array).slice();
        new DataView(head.buffer).setUint32(4, packed.length, true);
        return [head, packed];
      });
      return new Uint8Array(Buffer.concat([start, ...parts]));
    },
  };
}

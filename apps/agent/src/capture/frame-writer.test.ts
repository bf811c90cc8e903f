import { PassThrough } from 'node:stream';
import {
  createFrameSplitter,
  FRAME_KIND,
  type Hello,
  parseControlPayload,
  RECORD_BYTES,
  RECORD_LAYOUT,
  readBatch,
} from '@hopscope/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH_MAX_RECORDS, createFrameWriter, QUEUE_MAX_BYTES } from './frame-writer.ts';

const notice = { type: 'notice', level: 'info', text: 'hear' } as const;
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

/** Writes `count` records, each with the low byte of its number in front, and answers how many there was room for. */
function writeHops(writer: ReturnType<typeof createFrameWriter>, count: number): number {
  const room = writer.room();
  const fits = Math.min(count, Math.floor(room.byteLength / RECORD_BYTES));
  const first = writer.sent + writer.dropped;
  for (let i = 0; i < fits; i++) room[i * RECORD_BYTES] = (first + i) & 0xff;
  writer.commit(fits);
  return fits;
}

test('what goes in comes out: every record once, in order, numbered from 0', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: BATCH_MAX_RECORDS }), { maxLength: 30 }), (counts) => {
      const stream = new PassThrough({ highWaterMark: QUEUE_MAX_BYTES });
      const writer = createFrameWriter(stream);
      const written = counts.reduce((sum, count) => sum + writeHops(writer, count), 0);
      const frames = createFrameSplitter().push(stream.read() ?? new Uint8Array());
      let next = 0;
      for (const { kind, payload } of frames) {
        expect(kind).toBe(FRAME_KIND.hops);
        const batch = readBatch(payload, 0n);
        expect(batch.firstHop).toBe(next);
        for (let i = 0; i < batch.count; i++)
          expect(payload[payload.length - (batch.count - i) * RECORD_BYTES]).toBe((next + i) & 0xff);
        next += batch.count;
      }
      expect([next, writer.sent, writer.dropped]).toEqual([written, written, 0]);
    }),
    { numRuns: 50 },
  );
});

test('after hello, control frames say when they were sent, in packet time; evidence keeps the time of its drop', () => {
  const stream = new PassThrough();
  const writer = createFrameWriter(stream, () => 7_000_000_123n);
  const evidence = { type: 'evidence', packet: 5, t: 9, facts: {} } as const;
  for (const frame of [notice, { ...hello, clock: { monotonicNs: '7000000000', wallNs: '0' } }, notice, evidence]) {
    writer.writeControl(frame);
  }
  const frames = createFrameSplitter()
    .push(stream.read())
    .map(({ payload }) => parseControlPayload(payload));
  expect(frames.map((frame) => ('t' in frame ? frame.t : undefined))).toEqual([undefined, undefined, 123, 9]);
});

test('each batch says what the kernel side had missed by then', () => {
  const stream = new PassThrough();
  const writer = createFrameWriter(stream);
  writeHops(writer, 1);
  writer.noteKernelMissed(2 ** 33 + 5, 0n);
  writeHops(writer, 1);
  writeHops(writer, 1);
  const missed = createFrameSplitter()
    .push(stream.read())
    .map(({ payload }) => readBatch(payload, 0n).kernelMissed);
  expect(missed).toEqual([0, 2 ** 33 + 5, 2 ** 33 + 5]);
});

test('a reader that does not read: bounded, the newest dropped and counted, the numbers go on', () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const writer = createFrameWriter(stream);
  const batches = Math.ceil((2 * QUEUE_MAX_BYTES) / (BATCH_MAX_RECORDS * RECORD_BYTES));
  let written = 0;
  for (let i = 0; i < batches; i++) written += writeHops(writer, BATCH_MAX_RECORDS);
  expect(stream.writableLength + stream.readableLength).toBeLessThanOrEqual(
    QUEUE_MAX_BYTES + 2 * BATCH_MAX_RECORDS * RECORD_BYTES,
  );
  expect(writer.dropped).toBeGreaterThan(0);
  expect(writer.sent + writer.dropped).toBe(written);

  // Control frames still go, and what comes after the gap has the right numbers.
  writer.writeControl({ type: 'notice', level: 'info', text: 'x' });
  const splitter = createFrameSplitter();
  const frames = [];
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) frames.push(...splitter.push(chunk));
  const before = writer.sent + writer.dropped;
  writeHops(writer, 1);
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) frames.push(...splitter.push(chunk));
  expect(frames.filter(({ kind }) => kind === FRAME_KIND.control)).toHaveLength(1);
  const last = frames.at(-1);
  expect(last === undefined ? null : readBatch(last.payload, 0n).firstHop).toBe(before);
});

test('a reader that is gone: everything counts as dropped, nothing throws', () => {
  const stream = new PassThrough();
  const writer = createFrameWriter(stream);
  stream.destroy();
  writer.writeControl({ type: 'notice', level: 'info', text: 'x' });
  const written = writeHops(writer, 10);
  expect([writer.sent, writer.dropped]).toEqual([0, written]);
});

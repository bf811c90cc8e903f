// What a disk that is too slow costs is told in the recording itself.
import { gunzipSync } from 'node:zlib';
import { imbalanceOf } from '@hopscope/model';
import {
  BATCH_HEADER_BYTES,
  type Hello,
  type Ledger,
  openRecording,
  RECORD_BYTES,
  RECORD_LAYOUT,
  writeBatchHeader,
} from '@hopscope/protocol';
import { expect, test } from 'vitest';
import { createRecorder } from './recorder.ts';

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

function batch(firstHop: number, count: number): Uint8Array {
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + count * RECORD_BYTES);
  writeBatchHeader(bytes, count, firstHop);
  return bytes;
}

const ledger = (records: number): Ledger => ({
  type: 'ledger',
  seen: records,
  delivered: records,
  pending: 0,
  lost: {},
  identityFull: 0,
  recursionMisses: 0,
  sampledOneIn: 1,
  final: true,
});

test('hops that come while the disk is too slow are left out and counted, nothing else is', async () => {
  const parts: Uint8Array[] = [];
  let isFull = false;
  const recorder = createRecorder({
    filter: '',
    rotateBytes: null,
    now: () => 0,
    isFull: () => isFull,
    begin: () => undefined,
    write: (bytes) => parts.push(bytes),
    end: () => undefined,
  });
  recorder.onControl(hello);
  recorder.onHops(batch(0, 3));
  isFull = true;
  recorder.onHops(batch(3, 5));
  recorder.onControl({ type: 'notice', level: 'info', text: 'meanwhile' });
  isFull = false;
  recorder.onHops(batch(8, 2));
  recorder.onControl(ledger(10));
  recorder.finish();

  const bytes = new Uint8Array(Buffer.concat(parts));
  const source = {
    bytes: bytes.length,
    read: async (from: number, count: number) => bytes.subarray(from, from + count),
  };
  const recording = await openRecording(source, (packed) => gunzipSync(packed));
  const frames = (await Promise.all(recording.blocks.map((block) => recording.read(block)))).flat();
  const kinds = frames.map(({ frame }) => (frame instanceof Uint8Array ? 'hops' : frame.type));
  expect([recording.damage, kinds]).toEqual([null, ['hops', 'notice', 'hops', 'ledger']]);
  const last = frames.at(-1)?.frame as Ledger;
  expect(last).toMatchObject({ seen: 10, delivered: 5, lost: { recording: 5 } });
  expect(imbalanceOf(last)).toBe(0);
  expect([recorder.hops, recorder.ledger]).toEqual([5, last]);
});

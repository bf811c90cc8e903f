import { FLAG, OFFSET, RECORD_BYTES, STAGE } from '@hopscope/protocol';
import { expect, test } from 'vitest';
import { scanRecords } from './record-scan.ts';

const known = new Map([[4026531840, new Set([1, 2])]]);

function record({ inum = 4026531840, ifindex = 1, location = 0, stage = 0, flags = 0 }): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(OFFSET.netns_inum, inum, true);
  view.setUint32(OFFSET.ifindex, ifindex, true);
  view.setUint32(OFFSET.drop_location, location, true);
  view.setUint8(OFFSET.stage, stage);
  view.setUint8(OFFSET.flags, flags);
  return bytes;
}

function scan(...records: Parameters<typeof record>[0][]) {
  return scanRecords(Buffer.concat(records.map(record)), known);
}

test('known devices, and packets on no device, are nothing new', () => {
  expect(scan({}, { ifindex: 2 }, { inum: 0, ifindex: 0 }, {})).toEqual({
    unknownDevice: false,
    maxLocation: 0,
    drops: [],
  });
  expect(scan()).toEqual({ unknownDevice: false, maxLocation: 0, drops: [] });
});

test.each([
  ['interface', { ifindex: 3 }],
  ['namespace', { inum: 4026532000 }],
])('an unknown %s is found wherever it is', (_what, unknown) => {
  expect(scan(unknown, {}).unknownDevice).toBe(true);
  expect(scan({}, {}, unknown).unknownDevice).toBe(true);
  expect(scan({}, unknown, unknown, {}).unknownDevice).toBe(true);
});

test('the largest location', () => {
  expect(scan({ location: 3 }, { location: 7 }, { location: 0 }).maxLocation).toBe(7);
});

test('drops, and none for a clone that is freed', () => {
  const freed = { location: 3, stage: STAGE.kfree_skb };
  const drop = { ...freed, flags: FLAG.LAST };
  const read = { stage: STAGE.consume_skb, flags: FLAG.LAST };
  expect(scan(freed, drop, read, {}, drop).drops).toEqual([RECORD_BYTES, 4 * RECORD_BYTES]);
  expect(scan(freed, read).drops).toEqual([]);
  expect(scan(...Array.from({ length: 100 }, () => drop)).drops).toHaveLength(32);
});

import { FLAG, OFFSET, RECORD_BYTES, STAGE } from '@hopscope/protocol';
import { expect, test } from 'vitest';
import { createUnansweredEchoes } from './unanswered-echoes.ts';

const L4 = 34;

/** A record as far as it is looked at. */
function record(inum: number, stage: number, flags: number, type: number, seq: number): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(OFFSET.stage, stage);
  view.setUint8(OFFSET.flags, flags);
  view.setUint16(OFFSET.protocol, 0x0800, true);
  view.setUint16(OFFSET.l4_offset, L4, true);
  view.setUint16(OFFSET.header_len, L4 + 8, true);
  view.setUint32(OFFSET.netns_inum, inum, true);
  view.setUint8(OFFSET.headers + L4, type);
  view.setUint16(OFFSET.headers + L4 + 6, seq);
  return bytes;
}

const replyLeaves = (inum: number, seq: number) => record(inum, STAGE.net_dev_queue, FLAG.FIRST, 0, seq);
const requestIsFreed = (inum: number, seq: number) => record(inum, STAGE.consume_skb, FLAG.LAST, 8, seq);

test('a request is unanswered when no reply to it has left its namespace', () => {
  const echoes = createUnansweredEchoes();
  // As the kernel does it: the reply leaves, then its request is freed.
  for (const seq of [1, 2]) for (const make of [replyLeaves, requestIsFreed]) echoes.scan(make(7, seq), 0);
  expect(echoes.take(1000, 200)).toEqual([]);
  echoes.scan(requestIsFreed(7, 3), 1000);
  expect(echoes.take(1100, 200)).toEqual([]);
  expect(echoes.take(1200, 200)).toMatchObject([{ inum: 7, family: 4 }]);
  expect(echoes.take(1300, 200)).toEqual([]);
});

test('the reply of another namespace is not its answer, a late one of its own is', () => {
  const echoes = createUnansweredEchoes();
  echoes.scan(replyLeaves(8, 1), 0);
  echoes.scan(requestIsFreed(7, 1), 0);
  echoes.scan(requestIsFreed(9, 1), 0);
  echoes.scan(replyLeaves(9, 1), 10);
  expect(echoes.take(1000, 200).map(({ inum }) => inum)).toEqual([7]);
});

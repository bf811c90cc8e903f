import type { NamespaceFacts } from '@hopscope/model';
import type { Evidence, EvidenceFrame } from '@hopscope/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DropNote } from './drop-note.ts';
import { createEvidenceSource } from './evidence-source.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const namespace = { inum: 7, links: [] } as unknown as NamespaceFacts;

function drop(packet: number, more: Partial<DropNote> & { readonly dst?: string } = {}): DropNote {
  const { dst = '10.0.0.2', ...rest } = more;
  const note = { packet, t: packet, inum: 7, ifindex: 2, ifname: 'eth0', iif: 2, reason: 'NETFILTER_DROP', symbol: '' };
  return { ...note, headers: { src: '10.0.0.1', dst }, ...rest } as DropNote;
}

/** @param takesMs how long a read takes */
function setUp(takesMs = 10, facts: Evidence = { 'netfilter.hook': 'forward' }) {
  const frames: EvidenceFrame[] = [];
  const state = { reads: 0, atOnce: 0, most: 0 };
  const source = createEvidenceSource({
    findNamespace: (inum) => (inum === 7 || inum === 8 ? namespace : undefined),
    async gather() {
      state.reads++;
      state.most = Math.max(state.most, ++state.atOnce);
      await new Promise((resolve) => setTimeout(resolve, takesMs));
      state.atOnce--;
      return facts;
    },
    send: (frame) => frames.push(frame),
    now: () => Date.now(),
  });
  return { source, frames, state };
}

test('a drop is answered with what was read, and how long that took', async () => {
  const { source, frames } = setUp();
  source.note(drop(1));
  await vi.advanceTimersByTimeAsync(10);
  expect(frames).toEqual([
    { type: 'evidence', packet: 1, t: 1, facts: { 'netfilter.hook': 'forward', 'source.read': 10 } },
  ]);
});

test('nothing is read for a reason that no table explains, and nothing sent when nothing is known', async () => {
  const { source, frames, state } = setUp(10, {});
  source.note(drop(1, { reason: 'ICMP_CSUM' }));
  source.note(drop(1, { inum: 0 }));
  source.note(drop(1, { inum: 99 }));
  await vi.advanceTimersByTimeAsync(1000);
  expect(state.reads).toBe(0);
  source.note(drop(2));
  await vi.advanceTimersByTimeAsync(1000);
  expect([state.reads, frames]).toEqual([1, []]);
});

test('a flood of the same drop costs four reads a second, one at a time', async () => {
  const { source, frames, state } = setUp(10);
  for (let i = 0; i < 1000; i++) {
    source.note(drop(i));
    await vi.advanceTimersByTimeAsync(2);
  }
  expect(state.reads).toBeGreaterThanOrEqual(6);
  expect(state.reads).toBeLessThanOrEqual(9);
  expect(state.most).toBe(1);
  expect(frames.length).toBeGreaterThan(900);
});

test('a flood of different drops is bounded, too, and other namespaces get their turn', async () => {
  const { source, frames, state } = setUp(10);
  for (let i = 0; i < 1000; i++) source.note(drop(i, { dst: `10.1.${i >> 8}.${i & 255}` }));
  source.note(drop(2000, { inum: 8 }));
  await vi.advanceTimersByTimeAsync(1000);
  expect(frames.map(({ packet }) => packet)).toContain(2000);
  expect(state.reads).toBeLessThanOrEqual(6);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(state.reads).toBeLessThanOrEqual(10);
  expect(state.most).toBe(1);
});

test('a namespace whose tables take long to read is read less often', async () => {
  const { source, state } = setUp(900);
  for (let i = 0; i < 1000; i++) {
    source.note(drop(i));
    await vi.advanceTimersByTimeAsync(20);
  }
  expect(state.reads).toBeLessThanOrEqual(12);
  expect(state.reads).toBeGreaterThanOrEqual(10);
});

test('an answer does not outlive its quarter of a second', async () => {
  const { source, state } = setUp(5);
  source.note(drop(1));
  await vi.advanceTimersByTimeAsync(240);
  source.note(drop(2));
  await vi.advanceTimersByTimeAsync(5);
  expect(state.reads).toBe(1);
  await vi.advanceTimersByTimeAsync(10);
  source.note(drop(3));
  await vi.advanceTimersByTimeAsync(10);
  expect(state.reads).toBe(2);
});

test('after close nothing is read or sent', async () => {
  const { source, frames, state } = setUp(10);
  source.note(drop(1));
  source.note(drop(2, { dst: '10.0.0.3' }));
  source.close();
  source.note(drop(3));
  await vi.advanceTimersByTimeAsync(5000);
  expect([state.reads, frames]).toEqual([1, []]);
});

import { RECORD_BYTES } from '@hopscope/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createKernelSource } from './kernel-source.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A ring and a queue that are numbers, and a source between them. */
function makeSource() {
  const state = {
    ring: 0,
    sent: 0,
    fill: 0,
    fills: [] as number[],
    turns: 0,
    turnMs: 0,
    watched: false,
    lastRecordMs: 0,
  };
  const room = new Uint8Array(10 * RECORD_BYTES);
  const source = createKernelSource({
    capture: {
      drain(buffer) {
        const records = Math.min(state.ring, buffer.byteLength / RECORD_BYTES);
        state.ring -= records;
        // As the addon does it: it watches the ring again after three quarters of the silence.
        if (records > 0) state.lastRecordMs = Date.now();
        state.watched = Date.now() - state.lastRecordMs > 75;
        return records * RECORD_BYTES;
      },
    },
    writer: {
      room: () => room,
      commit(count) {
        state.sent += count;
      },
      get fill() {
        return state.fill;
      },
    },
    quietMs: 100,
    inspect: () => undefined,
    onFill: (fill) => void state.fills.push(fill),
    onTurn() {
      state.turns++;
      vi.setSystemTime(Date.now() + state.turnMs);
    },
    now: () => Date.now(),
  });
  return { source, state };
}

test('drains when woken, goes on until it has been quiet, then sleeps', () => {
  const { source, state } = makeSource();
  source.start();
  state.ring = 25;
  vi.advanceTimersByTime(8);
  expect(state.sent).toBe(25);
  vi.advanceTimersByTime(1000);
  expect(vi.getTimerCount()).toBe(0);
  state.ring = 5;
  source.wake();
  expect([state.sent, state.turns > 2]).toEqual([30, true]);
  source.stop();
});

test('never stops looking before the addon watches, however long a turn takes', () => {
  for (const turnMs of [0, 20, 30, 60, 90, 99, 101, 150]) {
    const { source, state } = makeSource();
    state.turnMs = turnMs;
    state.ring = 5;
    source.start();
    vi.advanceTimersByTime(2000);
    expect([turnMs, state.sent, vi.getTimerCount(), state.watched]).toEqual([turnMs, 5, 0, true]);
  }
});

test('leaves records in the ring while too much waits for the child, says so, and comes back for them', () => {
  const { source, state } = makeSource();
  source.start();
  state.fill = 0.6;
  state.ring = 100_000;
  vi.advanceTimersByTime(5000);
  expect([state.sent, state.ring, state.fills.at(-1)]).toEqual([0, 100_000, 1]);
  state.fill = 0.25;
  vi.advanceTimersByTime(5000);
  expect([state.sent, state.ring, state.fills.at(-1)]).toEqual([100_000, 0, 0.5]);
  source.stop();
});

test('at the end takes out everything', () => {
  const { source, state } = makeSource();
  source.start();
  state.fill = 1;
  state.ring = 1000;
  source.drainRest();
  source.stop();
  expect([state.sent, state.ring, vi.getTimerCount()]).toEqual([1000, 0, 0]);
});

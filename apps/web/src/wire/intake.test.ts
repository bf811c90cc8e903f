import { BATCH_HEADER_BYTES, RECORD_BYTES, readBatch, writeBatchHeader } from '@hopscope/protocol';
import { expect, it } from 'vitest';
import { createIntake } from './intake.ts';
import { splitBatch } from './split-batch.ts';

it('takes in no more than there is time for, in order, and goes on', () => {
  let clockMs = 0;
  const taken: number[] = [];
  const intake = createIntake(
    () => clockMs,
    () => undefined,
  );
  for (let i = 0; i < 10; i++) {
    intake.add(() => {
      clockMs += 2;
      taken.push(i);
    });
  }
  expect(intake.run(5)).toBe(true);
  expect(taken).toEqual([0, 1, 2]);
  expect(intake.run(Number.POSITIVE_INFINITY)).toBe(false);
  expect(taken).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(intake.isEmpty).toBe(true);
});

it('tells what was broken and goes on with the next', () => {
  const broken: string[] = [];
  let isTaken = false;
  const intake = createIntake(
    () => 0,
    (reason) => broken.push(reason),
  );
  intake.add(() => {
    throw new Error('no');
  });
  intake.add(() => {
    isTaken = true;
  });
  intake.run(1);
  expect(broken).toEqual(['no']);
  expect(isTaken).toBe(true);
});

it('splits a batch into parts that say the same', () => {
  const count = 1000;
  const bytes = new Uint8Array(BATCH_HEADER_BYTES + count * RECORD_BYTES);
  for (let i = 0; i < count; i++) new DataView(bytes.buffer).setUint32(BATCH_HEADER_BYTES + i * RECORD_BYTES, i, true);
  writeBatchHeader(bytes, count, 5000, { skipped: 70, kernelMissed: 9 });
  const parts = splitBatch(bytes).map((part) => readBatch(part, 0n));
  expect(parts.length).toBeGreaterThan(3);
  expect(parts.reduce((sum, part) => sum + part.count, 0)).toBe(count);
  let next = 5000;
  for (const part of parts) {
    expect(part.firstHop).toBe(next);
    expect(part.kernelMissed).toBe(9);
    next = part.endHop;
  }
  expect(next).toBe(6070);
  const times = parts.flatMap((part) => Array.from({ length: part.count }, (_, i) => part.hop(i).t as number));
  expect(times).toEqual(Array.from({ length: count }, (_, i) => i));
});

import { BATCH_HEADER_BYTES, type HopBatch, type Ledger, RECORD_BYTES, readBatch } from '@hopscope/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPageQueue, type HopRun, type PageQueue } from './page-queue.ts';
import { frame, ipv4, joinRecords, makeRecord } from './test-records.ts';

const UDP = frame(ipv4(17), [0, 53, 0, 53, 0, 8, 0, 0]);

/** Records whose first byte is the low byte of their number, so that a mix-up shows. */
function run(firstHop: number, count: number): HopRun {
  const records = new Uint8Array(count * RECORD_BYTES);
  for (let i = 0; i < count; i++) records[i * RECORD_BYTES] = (firstHop + i) & 0xff;
  return { firstHop, count, records, skipped: 0, kernelMissed: 0, missedSinceNs: 0n };
}

/** As above, and each of a packet of its own that begins here, so that it may be left out. */
function runOfPackets(firstHop: number, count: number): HopRun {
  const packets = Array.from({ length: count }, (_, i) => ({
    packet: firstHop + i + 1,
    ms: 1,
    first: true,
    headers: UDP,
  }));
  const records = joinRecords(packets.map(makeRecord));
  return { firstHop, count, records, skipped: 0, kernelMissed: firstHop + 1, missedSinceNs: BigInt(firstHop) };
}

function ledger(seen: number): Ledger {
  const counts = { seen, delivered: seen, pending: 0, lost: {}, identityFull: 0, recursionMisses: 0, sampledOneIn: 1 };
  return { type: 'ledger', ...counts, final: false };
}

/** Hop numbers of a message, as its header and its records tell them. */
function hopsOf(message: Uint8Array): number[] {
  const batch = readBatch(message, 0n);
  return Array.from({ length: batch.count }, (_, i) => {
    expect(message[BATCH_HEADER_BYTES + i * RECORD_BYTES]).toBe((batch.firstHop + i) & 0xff);
    return batch.firstHop + i;
  });
}

const isBatch = (message: string | Uint8Array): message is Uint8Array => typeof message !== 'string';

function takeAll(queue: PageQueue): (string | Uint8Array)[] {
  const messages: (string | Uint8Array)[] = [];
  while (!queue.empty) messages.push(...queue.take());
  return messages;
}

test('hops of one tick become one message', () => {
  const queue = createPageQueue();
  queue.offerHops(run(10, 3), 0);
  queue.offerHops(run(13, 2), 0);
  const [message, ...rest] = queue.take();
  expect(rest).toEqual([]);
  expect(message !== undefined && isBatch(message) ? hopsOf(message) : []).toEqual([10, 11, 12, 13, 14]);
});

test('a gap in the numbers waits for the next tick', () => {
  const queue = createPageQueue();
  queue.offerHops(run(0, 2), 0);
  queue.offerHops(run(5, 1), 0);
  expect(queue.take().filter(isBatch).flatMap(hopsOf)).toEqual([0, 1]);
  expect(queue.take().filter(isBatch).flatMap(hopsOf)).toEqual([5]);
});

test('control frames keep their place between hops', () => {
  const queue = createPageQueue();
  queue.offerControl('a');
  queue.offerHops(run(0, 1), 0);
  queue.offerControl('b');
  queue.offerHops(run(1, 1), 0);
  expect(takeAll(queue).map((message) => (isBatch(message) ? hopsOf(message) : message))).toEqual(['a', [0], 'b', [1]]);
});

test('a page that acknowledges nothing gets its credit and no more, one that goes on gets more', () => {
  const credit = 100 * RECORD_BYTES;
  const queue = createPageQueue(credit);
  for (let hop = 0; hop < 1000; hop += 10) queue.offerHops(run(hop, 10), 0);
  expect(takeAll(queue).filter(isBatch).flatMap(hopsOf)).toHaveLength(100);
  expect(queue.shed).toBe(900);
  queue.ack(100);
  queue.offerHops(run(1000, 10), 0);
  expect(takeAll(queue).filter(isBatch).flatMap(hopsOf)).toHaveLength(10);
});

test('shedding goes on until half of the credit is free', () => {
  const queue = createPageQueue(10 * RECORD_BYTES);
  queue.offerHops(run(0, 5), 0);
  queue.offerHops(run(5, 5), 0);
  queue.take();
  queue.offerHops(run(10, 1), 0);
  queue.ack(4);
  queue.offerHops(run(11, 1), 0);
  expect(queue.shed).toBe(2);
  queue.ack(10);
  queue.offerHops(run(12, 1), 0);
  expect(queue.shed).toBe(2);
});

test('an acknowledgement of hops that were never sent frees nothing that is still to be sent', () => {
  const queue = createPageQueue(10 * RECORD_BYTES);
  queue.offerHops(run(0, 10), 0);
  queue.ack(1e9);
  queue.offerHops(run(10, 1), 0);
  expect(queue.shed).toBe(1);
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('hops' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const), count: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('ack' as const), part: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('ledger' as const) }) },
);

test('whatever happens: order, one batch a tick, a bound, and every hop sent or counted', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const creditHops = 100;
      const queue = createPageQueue(creditHops * RECORD_BYTES);
      const received: number[] = [];
      let next = 0;
      let offered = 0;
      let acked = 0;
      const receive = (messages: (string | Uint8Array)[]) => {
        for (const message of messages) {
          if (isBatch(message)) received.push(...hopsOf(message));
          else {
            const { seen, delivered, lost } = JSON.parse(message);
            // At its place in the stream the ledger is exact.
            expect(delivered).toBe(received.length);
            expect(seen).toBe(delivered + (lost['page-queue'] ?? 0));
          }
        }
      };
      for (const each of steps) {
        if (each.do === 'hops') {
          queue.offerHops(run(next, each.count), 0);
          next += each.count;
          offered += each.count;
        } else if (each.do === 'lose') next += each.count;
        else if (each.do === 'ledger') queue.offerLedger(ledger(offered), 0);
        else if (each.do === 'ack') {
          acked = Math.floor(received.length * each.part);
          const hop = received[acked];
          if (hop !== undefined) queue.ack(hop);
        } else {
          const messages = queue.take();
          expect(messages.filter(isBatch).length).toBeLessThanOrEqual(1);
          receive(messages);
        }
        expect(offered - queue.shed - received.length).toBeLessThanOrEqual(creditHops);
      }
      receive(takeAll(queue));
      expect(received).toEqual([...received].sort((a, b) => a - b));
      expect(new Set(received).size).toBe(received.length);
      expect(received.length + queue.shed).toBe(offered);
    }),
    { numRuns: 300 },
  );
});

test('a page that does not keep up: whole journeys are left out first, and every position is accounted for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = createPageQueue(100 * RECORD_BYTES);
      const packets: number[] = [];
      let skipped = 0;
      let gaps = 0;
      let end = 0;
      let next = 0;
      let lostBefore = 0;
      const onBatch = (batch: HopBatch) => {
        gaps += batch.firstHop - end;
        skipped += batch.skipped;
        end = batch.endHop;
        for (let i = 0; i < batch.count; i++) packets.push(batch.hop(i).packet);
        expect(batch.kernelMissed).toBeLessThanOrEqual(batch.endHop);
        // Of the first of its runs: what that told happened no earlier.
        expect(batch.missedSinceNs).toBeLessThanOrEqual(BigInt(batch.firstHop));
      };
      const receive = (messages: (string | Uint8Array)[]) => {
        for (const message of messages) {
          if (isBatch(message)) onBatch(readBatch(message, 0n));
          else {
            const { seen, delivered, lost, before } = JSON.parse(message);
            expect(delivered).toBe(packets.length);
            expect(lost['page-sampled'] ?? 0).toBe(skipped);
            // What was shed last, or lost before us, no batch has shown yet.
            expect(delivered + skipped + (lost['page-queue'] ?? 0) + before).toBeGreaterThanOrEqual(end);
            expect(seen).toBe(delivered + skipped + (lost['page-queue'] ?? 0));
          }
        }
      };
      for (const each of steps) {
        if (each.do === 'hops') {
          queue.offerHops(runOfPackets(next, each.count), 0);
          next += each.count;
        } else if (each.do === 'lose') {
          next += each.count;
          lostBefore += each.count;
        } else if (each.do === 'ledger') {
          queue.offerLedger({ ...ledger(next - lostBefore), before: lostBefore } as Ledger, 0);
        } else if (each.do === 'ack') queue.ack(Math.floor(end * each.part));
        else receive(queue.take());
      }
      queue.offerLedger({ ...ledger(next - lostBefore), before: lostBefore } as Ledger, 0);
      receive(takeAll(queue));
      expect(packets).toEqual([...new Set(packets)].sort((a, b) => a - b));
      expect(packets.length + queue.shed + queue.sampled).toBe(next - lostBefore);
      expect(skipped).toBe(queue.sampled);
      expect(packets.length + skipped + gaps).toBe(end);
    }),
    { numRuns: 300 },
  );
});

test('a page that stands still at a flood of short journeys: none is cut, nothing grows, and it says so', () => {
  const queue = createPageQueue();
  let bytes = 0;
  for (let hop = 0, now = 0; hop < 5e5; hop += 1000, now += 5) {
    queue.offerHops(runOfPackets(hop, 1000), now);
    for (const message of queue.take()) bytes += message.length;
  }
  expect(bytes).toBeLessThan(4 * 1024 * 1024);
  expect(queue.shed).toBe(0);
  const { sampledOneIn } = queue;
  expect(sampledOneIn).toBeGreaterThan(100);
  queue.offerLedger(ledger(5e5), 10_000);
  const messages = queue.take().filter((message) => !isBatch(message));
  expect(JSON.parse(String(messages[0]))).toMatchObject({
    delivered: 5e5 - queue.sampled,
    lost: { 'page-sampled': queue.sampled },
    sampledOneIn,
  });
  // It goes on.
  queue.ack(5e5);
  queue.offerHops(runOfPackets(5e5, 1000), 20_000);
  queue.offerHops(runOfPackets(5e5 + 1000, 1000), 25_000);
  expect(queue.sampledOneIn).toBe(1);
});

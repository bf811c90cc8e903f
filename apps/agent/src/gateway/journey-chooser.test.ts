import { OFFSET, RECORD_BYTES } from '@hopscope/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createJourneyChooser } from './journey-chooser.ts';
import { frame, icmp, ipv4, joinRecords, makeRecord, type TestRecord } from './test-records.ts';

const UDP = frame(ipv4(17), [0, 53, 0, 53, 0, 8, 0, 0]);
const echo = (type: 0 | 8, seq: number) => frame(ipv4(1), icmp(type, seq));

/** Hops of one packet: the first one is marked as such. */
const hopsOf = (packet: number, headers: Uint8Array, times: readonly number[]): TestRecord[] =>
  times.map((ms, i) => ({ packet, ms, headers, first: i === 0 }));

/** A ping: three hops out, three back, from `ms` on, 0.1 ms apart. */
function ping(seq: number, packet: number, ms: number): TestRecord[] {
  const times = (from: number) => [from, from + 0.1, from + 0.2];
  return [...hopsOf(packet, echo(8, seq), times(ms)), ...hopsOf(packet + 1, echo(0, seq), times(ms + 0.3))];
}

function packetsIn(records: Uint8Array): number[] {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  return Array.from({ length: records.byteLength / RECORD_BYTES }, (_, i) =>
    Number(view.getBigUint64(i * RECORD_BYTES + OFFSET.packet_id, true)),
  );
}

const count = (numbers: readonly number[]) => {
  const counts = new Map<number, number>();
  for (const each of numbers) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
};

test('all are followed at level 0, and nothing is copied', () => {
  const records = joinRecords(ping(1, 100, 0).map(makeRecord));
  expect(createJourneyChooser().choose(records, 0)).toBe(records);
});

test('one in so many of what begins is followed', () => {
  for (const level of [1, 3, 6]) {
    const chooser = createJourneyChooser();
    const pings = Array.from({ length: 4096 }, (_, i) => ping(i, 100 + 2 * i, i));
    const kept = count(packetsIn(chooser.choose(joinRecords(pings.flat().map(makeRecord)), level)));
    const share = (kept.size / 2 / 4096) * 2 ** level;
    expect([level, share > 0.7 && share < 1.3]).toEqual([level, true]);
    expect([...kept.values()].every((hops) => hops === 3)).toBe(true);
  }
});

test('of UDP, too, by packet', () => {
  const chooser = createJourneyChooser();
  const packets = Array.from({ length: 4096 }, (_, i) => hopsOf(7_919 * (i + 1), UDP, [i, i + 0.1, i + 0.2]));
  const kept = count(packetsIn(chooser.choose(joinRecords(packets.flat().map(makeRecord)), 4)));
  expect(kept.size).toBeGreaterThan(4096 / 16 / 1.5);
  expect(kept.size).toBeLessThan((4096 / 16) * 1.5);
  expect([...kept.values()].every((hops) => hops === 3)).toBe(true);
});

test('what is followed at one level is followed at every lower one', () => {
  const records = joinRecords(
    Array.from({ length: 2048 }, (_, i) => [...ping(i, 9 * i + 1, i), ...hopsOf(9 * i + 5, UDP, [i])])
      .flat()
      .map(makeRecord),
  );
  let more = new Set(packetsIn(records));
  for (let level = 1; level <= 10; level++) {
    const kept = new Set(packetsIn(createJourneyChooser().choose(records, level)));
    expect([...kept].every((packet) => more.has(packet))).toBe(true);
    expect(kept.size).toBeLessThan(more.size);
    more = kept;
  }
});

test('whatever the level does meanwhile, an echo is followed as a whole or not at all', () => {
  const anyPing = fc.record({ gap: fc.double({ min: 0, max: 0.5, noNaN: true }), isUdp: fc.boolean() });
  const anyCut = fc.record({ count: fc.integer({ min: 1, max: 40 }), level: fc.integer({ min: 0, max: 4 }) });
  fc.assert(
    fc.property(
      fc.array(anyPing, { minLength: 50, maxLength: 300 }),
      fc.array(anyCut, { minLength: 1, maxLength: 60 }),
      fc.nat({ max: 65_535 }),
      (pings, cuts, firstSeq) => {
        let ms = 1;
        const records = pings.flatMap(({ gap, isUdp }, i) => {
          ms += gap;
          return isUdp
            ? hopsOf(10 * i + 1, UDP, [ms, ms + 0.3, ms + 0.6])
            : ping((firstSeq + i) & 0xffff, 10 * i + 1, ms);
        });
        records.sort((a, b) => a.ms - b.ms);
        const chooser = createJourneyChooser();
        const kept: number[] = [];
        for (let at = 0, i = 0; at < records.length; i++) {
          const { count: size, level } = cuts[i % cuts.length] ?? { count: 1, level: 0 };
          kept.push(...packetsIn(chooser.choose(joinRecords(records.slice(at, at + size).map(makeRecord)), level)));
          at += size;
        }
        const hops = count(kept);
        for (const [i, { isUdp }] of pings.entries()) {
          const request = hops.get(10 * i + 1) ?? 0;
          const reply = isUdp ? request : (hops.get(10 * i + 2) ?? 0);
          expect([i, [0, 3].includes(request), reply]).toEqual([i, true, request]);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('an error about an echo shares its fate, and so do later fragments', () => {
  const MORE = 0x2000;
  const packets = Array.from({ length: 512 }, (_, i) => [
    ...hopsOf(10 * i + 1, frame(ipv4(1, { id: i, fragment: MORE }), icmp(8, i)), [i]),
    ...hopsOf(10 * i + 2, frame(ipv4(1, { id: i, fragment: 185 })), [i]).map((one) => ({ ...one, l4: null })),
    ...hopsOf(10 * i + 3, frame(ipv4(1), icmp(3, 0, [...ipv4(1), ...icmp(8, i)])), [i]),
  ]);
  const kept = packetsIn(createJourneyChooser().choose(joinRecords(packets.flat().map(makeRecord)), 2));
  const journeys = count(kept.map((packet) => Math.floor(packet / 10)));
  expect(journeys.size).toBeGreaterThan(60);
  expect([...new Set(journeys.values())]).toEqual([3]);
});

test('what has no headers shares the fate of its packet', () => {
  const packets = Array.from({ length: 512 }, (_, i) => [
    ...hopsOf(10 * i + 1, echo(8, i), [i]),
    { packet: 10 * i + 1, ms: i + 0.1, headers: new Uint8Array(64), l4: null },
  ]);
  const kept = count(packetsIn(createJourneyChooser().choose(joinRecords(packets.flat().map(makeRecord)), 3)));
  expect(kept.size).toBeGreaterThan(30);
  expect([...new Set(kept.values())]).toEqual([2]);
});

test('after a flood a sequence number that was left out is followed again, but for its late reply', () => {
  const chooser = createJourneyChooser();
  const one = (ms: number) => ping(12_345, ms * 10 + 1, ms).map(makeRecord);
  expect(chooser.choose(joinRecords(one(1).slice(0, 3)), 16)).toHaveLength(0);
  // Another request at once might get its reply.
  expect(chooser.choose(joinRecords(one(10)), 0)).toHaveLength(0);
  expect(chooser.choose(joinRecords(one(5000).slice(3)), 0)).toHaveLength(0);
  for (const ms of [5100, 30_000, 31_000]) {
    expect(chooser.choose(joinRecords(one(ms)), 0)).toHaveLength(6 * RECORD_BYTES);
  }
});

test('nothing is kept alive that is not sent on', () => {
  const pings = Array.from({ length: 100 }, (_, i) => ping(i, 100 + 2 * i, i));
  const kept = createJourneyChooser().choose(joinRecords(pings.flat().map(makeRecord)), 3);
  expect(kept.buffer.byteLength).toBe(kept.byteLength);
});

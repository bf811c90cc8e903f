import { describe, expect, it } from 'vitest';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import { axisTicks, buildWaterfall } from './waterfall.ts';

const topology = sampleTopology(1, [{ number: 2, bridges: [0] }]);
const request = ['build-7/docker0 out 0', 'build-7/veth120 out 10', 'app-2/eth0 in 16'];
const reply = ['app-2/eth0 out 44', 'build-7/veth120 in 50', 'build-7/docker0 in 61'];

describe('a waterfall', () => {
  const { rows, bars, totalNs, more } = buildWaterfall(sampleExchange(topology, { request, reply }));

  it('has a row for each device, which request and reply share', () => {
    expect(rows.map(({ ifname }) => ifname)).toEqual(['docker0', 'veth120', 'eth0']);
    expect(bars.map(({ number, direction, row, fromRow }) => [number, direction, row, fromRow])).toEqual([
      [1, 'request', 0, null],
      [2, 'request', 1, 0],
      [3, 'request', 2, 1],
      [4, 'reply', 2, null],
      [5, 'reply', 1, 2],
      [6, 'reply', 0, 1],
    ]);
  });

  it('fills the time from one hop to the next, on one scale', () => {
    expect(bars.map(({ segments }) => segments.map(({ fromNs, toNs }) => [fromNs / 1e3, toNs / 1e3]))).toEqual([
      [[0, 10]],
      [[10, 16]],
      [[16, 16]],
      [[44, 50]],
      [[50, 61]],
      [[61, 61]],
    ]);
    expect(totalNs).toBe(61_000);
  });

  it('splits a bar at the stages inside the hop', () => {
    const plain = sampleExchange(topology, { request, reply });
    const [first] = plain.request?.crossings ?? [];
    const [hop] = first?.hops ?? [];
    if (plain.request === null || first === undefined || hop === undefined) throw new Error('no hop');
    const later = { ...hop, t: (hop.t + 4000) as typeof hop.t };
    const crossings = [{ ...first, hops: [hop, later] }, ...plain.request.crossings.slice(1)];
    const split = buildWaterfall({ ...plain, request: { ...plain.request, crossings } });
    expect(split.bars[0]?.segments).toMatchObject([
      { kind: 'stage', fromNs: 0, toNs: 4000 },
      { kind: 'onward', fromNs: 4000, toNs: 10_000 },
    ]);
  });

  it('marks a drop in the row of the device where it happened', () => {
    const dropped = sampleExchange(topology, { request: request.slice(0, 2), drop: 'build-7/veth120 out 12' });
    expect(buildWaterfall(dropped)).toMatchObject({
      drops: [{ row: 1, atNs: 12_000 }],
      totalNs: 12_000,
    });
  });

  it('of a packet in a loop is drawn in part and counts the rest', () => {
    const loop = Array.from({ length: 500 }, (_, i) => `build-7/veth120 ${i % 2 === 0 ? 'out' : 'in'} ${i}`);
    const long = buildWaterfall(sampleExchange(topology, { request: loop }));
    expect([long.bars.length, long.more, more]).toEqual([200, 300, 0]);
  });
});

describe('the scale', () => {
  it('has round numbers from 0 on, at most as many as asked for and one', () => {
    expect(axisTicks(61_000, 4)).toEqual([0, 20_000, 40_000, 60_000]);
    expect(axisTicks(144_000, 4)).toEqual([0, 50_000, 100_000]);
    for (const total of [1, 7, 999, 12_345, 2.2e9]) {
      const ticks = axisTicks(total, 4);
      expect(ticks.length).toBeLessThanOrEqual(5);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
    }
  });
});

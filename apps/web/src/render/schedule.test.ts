import { describe, expect, it } from 'vitest';
import { buildGraph } from '../graph/build.ts';
import { createRouter } from '../graph/route.ts';
import { type SampleExchange, sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology, withRouter } from '../graph/sample-topology.ts';
import { type Layout, layOut } from '../layout/layout.ts';
import type { Point } from '../lib/geometry.ts';
import { advanceTime, buildSchedule, forEachDot, longWaitAt, type Schedule, trailOf } from './schedule.ts';

const topology = withRouter(
  sampleTopology(2, [
    { number: 2, bridges: [0] },
    { number: 3, bridges: [0, 1] },
  ]),
  90,
);
const graph = buildGraph(topology);
const { placement } = layOut(graph, null) as Layout;
const schedule = (sample: SampleExchange): Schedule =>
  buildSchedule(sampleExchange(topology, sample), graph, placement, createRouter(graph), 50_000);

function dotsAt(target: Schedule, atNs: number): Point[] {
  const dots: Point[] = [];
  forEachDot(target, atNs, (_, point) => dots.push(point));
  return dots;
}

const samples: Record<string, SampleExchange> = {
  'host to container': {
    request: ['build-7/docker0 out 0', 'build-7/veth120 out 10', 'app-2/eth0 in 16'],
    reply: ['app-2/eth0 out 44', 'build-7/veth120 in 50', 'build-7/docker0 in 61'],
  },
  'container to container': {
    request: ['app-2/eth0 out 0', 'build-7/veth120 in 2', 'build-7/veth130 out 8', 'app-3/eth0 in 9'],
    reply: ['app-3/eth0 out 30', 'build-7/veth130 in 32', 'build-7/veth120 out 38', 'app-2/eth0 in 40'],
  },
  'container to router': {
    request: [
      'app-2/eth0 out 0',
      'build-7/veth120 in 2',
      'build-7/docker0 in 4',
      'build-7/eth0 out 9',
      'router/lan in 11',
    ],
    reply: [
      'router/lan out 30',
      'build-7/eth0 in 32',
      'build-7/docker0 out 38',
      'build-7/veth120 out 39',
      'app-2/eth0 in 41',
    ],
  },
  localhost: { request: ['app-3/lo out 0', 'app-3/lo in 2'], reply: ['app-3/lo out 8', 'app-3/lo in 10'] },
};

describe('dots', () => {
  for (const [name, sample] of Object.entries(samples)) {
    it(`are one, and never jump: ${name}`, () => {
      const target = schedule(sample);
      const total = target.legs.reduce((sum, leg) => sum + leg.track.length, 0);
      const steps = 4000;
      const stepNs = (target.endNs - target.startNs) / steps;
      const fastest = Math.max(...target.legs.map((leg) => leg.track.length / Math.max(1, leg.endNs - leg.startNs)));
      let before: Point | undefined;
      for (let i = 0; i < steps; i++) {
        const dots = dotsAt(target, target.startNs + i * stepNs);
        expect(dots).toHaveLength(1);
        const [dot] = dots as [Point];
        if (before !== undefined) {
          expect(Math.hypot(dot.x - before.x, dot.y - before.y)).toBeLessThanOrEqual(fastest * stepNs * 1.01);
        }
        before = dot;
      }
      expect(total).toBeGreaterThan(200);
    });
  }

  it('become several where a bridge floods a packet to its ports, and one of them is answered', () => {
    const flooded = sampleTopology(
      1,
      [2, 3, 4, 5].map((number) => ({ number, bridges: [0] })),
    );
    const drawn = buildGraph(flooded);
    const request = ['app-2/eth0 out 0', 'build-7/veth120 in 2', 'build-7/docker0 in 3'];
    const branches = [3, 4, 5].flatMap((number) => [
      `build-7/veth1${number}0 out ${number + 4}`,
      `app-${number}/eth0 in ${number + 20}`,
    ]);
    const reply = ['app-3/eth0 out 60', 'build-7/veth130 in 62', 'build-7/veth120 out 66', 'app-2/eth0 in 68'];
    const exchange = sampleExchange(flooded, { request: [...request, ...branches], reply });
    const target = buildSchedule(
      exchange,
      drawn,
      (layOut(drawn, null) as Layout).placement,
      createRouter(drawn),
      50_000,
    );
    const placesAt = (us: number): number => new Set(dotsAt(target, us * 1000).map(({ x, y }) => `${x},${y}`)).size;
    expect(placesAt(1)).toBe(1);
    expect(placesAt(15)).toBe(3);
    expect(placesAt(64)).toBe(1);
  });

  it('pass each device at the time the kernel saw them there', () => {
    const target = schedule(samples['host to container'] as SampleExchange);
    for (const { node, crossing } of target.steps) {
      const box = placement.boxes.get(node);
      const [dot] = dotsAt(target, crossing.t) as [Point];
      expect(dot.x).toBeCloseTo((box?.x ?? 0) + (box?.width ?? 0) / 2, 3);
    }
  });

  it('leave a trail along the way they came', () => {
    const target = schedule(samples['host to container'] as SampleExchange);
    const at = 9000;
    forEachDot(target, at, (leg, point) => {
      const trail = trailOf(target, leg, -1000, at);
      expect(trail[trail.length - 1]).toEqual(point);
      expect(trail.length).toBeGreaterThan(2);
    });
  });
});

describe('time', () => {
  const quick = schedule(samples['host to container'] as SampleExchange);

  it('is true to proportion at any stretch', () => {
    expect(advanceTime(quick, 0, 16, 50_000)).toBeCloseTo(320);
    expect(advanceTime(quick, 0, 16, 1000)).toBeCloseTo(16_000);
  });

  it('passes over a long wait in a moment, and says how long it was', () => {
    const slow = schedule({
      request: [
        'app-2/eth0 out 0',
        'build-7/veth120 in 2',
        'build-7/docker0 in 4',
        'build-7/eth0 out 9',
        'router/lan in 11',
      ],
      reply: ['router/lan out 90000', 'build-7/eth0 in 90002'],
    });
    const stretch = 50_000;
    let atNs = slow.startNs;
    let tookMs = 0;
    let waits = 0;
    while (atNs < slow.endNs && tookMs < 60_000) {
      atNs = advanceTime(slow, atNs, 16, stretch);
      tookMs += 16;
      if (longWaitAt(slow, atNs, stretch) !== null) waits++;
    }
    // 90 ms at ×50,000 would be 75 minutes.
    expect(tookMs).toBeLessThan(60_000);
    expect(waits).toBeGreaterThan(50);
  });
});

it('draws nothing for a node that has no place on the map', () => {
  const sample = sampleExchange(topology, samples['host to container'] as SampleExchange);
  const nowhere = { ...placement, boxes: new Map() };
  const target = buildSchedule(sample, graph, nowhere, createRouter(graph), 50_000);
  for (let atNs = target.startNs; atNs < target.endNs; atNs += 1000) expect(dotsAt(target, atNs)).toEqual([]);
});

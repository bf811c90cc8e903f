import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../graph/build.ts';
import { createRouter } from '../graph/route.ts';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleKinds, sampleTopology, withIsland, withRouter, withTaps } from '../graph/sample-topology.ts';
import { type Layout, layOut } from '../layout/layout.ts';
import { createFlights } from './flights.ts';
import { distanceFromWay } from './sample-way.ts';
import { buildSchedule, forEachDot } from './schedule.ts';

const STRETCH = 20_000;
const containers = fc.uniqueArray(
  fc.record({ number: fc.integer({ min: 2, max: 40 }), bridges: fc.uniqueArray(fc.integer({ min: 0, max: 2 })) }),
  { selector: (container) => container.number, maxLength: 24 },
);
const topologies = fc
  .tuple(containers, fc.boolean(), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.boolean())
  .map(([some, hasRouter, taps, island, hasKinds]) => {
    let topology = sampleTopology(3, some);
    if (hasRouter) topology = withRouter(topology, 90);
    if (taps > 0) topology = withTaps(topology, taps);
    if (island > 0) topology = withIsland(topology, island);
    return hasKinds ? sampleKinds(topology) : topology;
  });

describe('wires', () => {
  it('begin and end at the two boxes they join, in that order', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        const { placement } = layOut(buildGraph(topology), null) as Layout;
        for (const { edge, points } of placement.wires.values()) {
          for (const [node, point] of [
            [edge.a, points[0]],
            [edge.b, points.at(-1)],
          ] as const) {
            const box = placement.boxes.get(node);
            if (box === undefined || point === undefined) throw new Error(`no place for ${node}`);
            const outside = Math.max(
              box.x - point.x,
              point.x - box.x - box.width,
              box.y - point.y,
              point.y - box.y - box.height,
            );
            expect([edge.id, Math.round(outside)]).toEqual([edge.id, expect.toSatisfy((by: number) => by <= 0.5)]);
          }
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('dots', () => {
  it('are in a box or on a wire of their way, at every moment, whatever crossings follow each other', {
    timeout: 30_000,
  }, () => {
    fc.assert(
      fc.property(topologies, fc.infiniteStream(fc.nat()), (topology, choices) => {
        const graph = buildGraph(topology);
        const { placement } = layOut(graph, null) as Layout;
        const devices = [...graph.devices.values()];
        const pick = (): number => choices.next().value as number;
        const lines = Array.from({ length: 8 }, (_, i) => {
          const device = devices[pick() % devices.length];
          const title = topology.namespaces.find(({ id }) => id === device?.netns)?.names[0]?.text;
          return `${title}/${device?.link.name} ${pick() % 2 === 0 ? 'in' : 'out'} ${i * 10}`;
        });
        const exchange = sampleExchange(topology, { request: lines.slice(0, 4), reply: lines.slice(4) });
        const schedule = buildSchedule(exchange, graph, placement, createRouter(graph), STRETCH);
        for (let i = 0; i < 100; i++) {
          const atNs = schedule.startNs + ((schedule.endNs - schedule.startNs) * i) / 100;
          forEachDot(schedule, atNs, (leg, point) => {
            const distance = distanceFromWay(graph, placement, leg.nodes, point);
            expect([leg.nodes, distance > 1]).toEqual([leg.nodes, false]);
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('stay on it when more of it becomes known on the way', () => {
    const topology = sampleTopology(1, [
      { number: 2, bridges: [0] },
      { number: 3, bridges: [0] },
    ]);
    const graph = buildGraph(topology);
    const { placement } = layOut(graph, null) as Layout;
    const flights = createFlights({
      buildSchedule: (exchange) => buildSchedule(exchange, graph, placement, createRouter(graph), STRETCH),
      onDrop: () => {},
    });
    const request = ['app-2/eth0 out 0', 'build-7/veth120 in 20', 'build-7/veth130 out 40', 'app-3/eth0 in 60'];
    const reply = ['app-3/eth0 out 61', 'build-7/veth130 in 80', 'build-7/veth120 out 90', 'app-2/eth0 in 99'];
    let sights = 0;
    // After two crossings it seems to be meant for the host: its dot is on the way to the stack there when the next ones are told.
    for (const { known, forMs } of [
      { known: 2, forMs: 960 },
      { known: 4, forMs: 400 },
      { known: 8, forMs: 1600 },
    ]) {
      const told = { request: request.slice(0, known), ...(known > 4 ? { reply: reply.slice(0, known - 4) } : {}) };
      flights.show(sampleExchange(topology, { id: 1, ...told }));
      for (let ms = 0; ms < forMs; ms += 8) {
        flights.forEachDot((_, leg, point) => {
          sights++;
          expect(distanceFromWay(graph, placement, leg.nodes, point)).toBeLessThan(1);
        });
        flights.advance(8, STRETCH);
      }
    }
    expect(sights).toBeGreaterThan(100);
  });
});

import { describe, expect, it } from 'vitest';
import { buildGraph } from '../graph/build.ts';
import { createRouter } from '../graph/route.ts';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import { type Layout, layOut } from '../layout/layout.ts';
import { createFlights } from './flights.ts';
import { buildSchedule } from './schedule.ts';

const topology = sampleTopology(1, [{ number: 2, bridges: [0] }]);
const graph = buildGraph(topology);
const { placement } = layOut(graph, null) as Layout;
const request = ['build-7/docker0 out 0', 'build-7/veth120 out 10', 'app-2/eth0 in 16'];
const reply = ['app-2/eth0 out 44', 'build-7/veth120 in 50', 'build-7/docker0 in 61'];

const STRETCH = 50_000;

function setUp() {
  const drops: { id: number; count: number }[] = [];
  const router = createRouter(graph);
  const flights = createFlights({
    buildSchedule: (exchange) => buildSchedule(exchange, graph, placement, router, STRETCH),
    onDrop: (schedule, _drop, count) => drops.push({ id: schedule.exchange.id, count }),
  });
  const show = (id: number, fields: { reply?: string[]; drop?: string } = { reply }): void =>
    flights.show(sampleExchange(topology, { id, request, ...fields }));
  return { flights, drops, show };
}

describe('flights', () => {
  it('land', () => {
    const { flights, show } = setUp();
    show(1);
    show(2);
    expect(flights.size).toBe(2);
    for (let ms = 0; ms < 6000; ms += 16) flights.advance(16, STRETCH);
    expect([flights.size, flights.packets]).toEqual([0, 0]);
  });

  it('do not move when time stands still', () => {
    const { flights, show } = setUp();
    show(1);
    flights.advance(500, STRETCH);
    const places: string[] = [];
    for (let i = 0; i < 2; i++) flights.forEachDot((_, __, point) => places.push(JSON.stringify(point)));
    expect(places).toHaveLength(2);
    expect(places[0]).toBe(places[1]);
  });

  it('go on from where they are drawn when more becomes known', () => {
    const { flights, show } = setUp();
    const at = (): { x: number; y: number } => {
      let found = { x: 0, y: 0 };
      flights.forEachDot((_, __, point) => {
        found = point;
      });
      return found;
    };
    flights.show(sampleExchange(topology, { id: 1, request }));
    for (let ms = 0; ms < 900; ms += 16) flights.advance(16, STRETCH);
    const before = at();
    show(1);
    expect(Math.hypot(at().x - before.x, at().y - before.y)).toBeLessThan(1);
  });

  it('report a drop once, when the dot gets there', () => {
    const { flights, drops, show } = setUp();
    show(1, { drop: 'app-2/eth0 in 20' });
    flights.advance(400, STRETCH);
    expect(drops).toEqual([]);
    for (let ms = 0; ms < 3000; ms += 16) flights.advance(16, STRETCH);
    expect(drops).toEqual([{ id: 1, count: 1 }]);
  });

  it('share dots beyond the bound, and lose count of nothing', () => {
    const { flights, show } = setUp();
    for (let id = 1; id <= 5000; id++) show(id);
    expect(flights.packets).toBe(5000);
    expect(flights.size).toBeLessThanOrEqual(2010);
    let counted = 0;
    flights.forEachDot((flight) => {
      counted += flight.count;
    });
    expect(counted).toBe(5000);
    for (let ms = 0; ms < 6000; ms += 16) flights.advance(16, STRETCH);
    expect([flights.size, flights.packets]).toEqual([0, 0]);
  });

  it('are hidden one by one, also out of a bundle, and shown again with their count', () => {
    const { flights, show } = setUp();
    for (let id = 1; id <= 2500; id++) show(id);
    const dots = flights.size;
    flights.retain((id) => id % 5 === 0);
    expect(flights.packets).toBe(500);
    let counted = 0;
    flights.forEachDot((flight) => {
      counted += flight.count;
    });
    expect(counted).toBe(500);
    flights.hide(5);
    flights.hide(5);
    expect(flights.packets).toBe(499);
    flights.retain(() => true);
    // A dot that stood for nothing any more is gone for good; a bundle's are back.
    expect(flights.packets).toBeGreaterThan(500);
    expect(flights.size).toBeLessThan(dots);
    for (let ms = 0; ms < 6000; ms += 16) flights.advance(16, STRETCH);
    expect([flights.size, flights.packets]).toEqual([0, 0]);
  });

  it('take a packet that died out of its bundle', () => {
    const { flights, drops, show } = setUp();
    for (let id = 1; id <= 2100; id++) show(id);
    show(2050, { drop: 'app-2/eth0 in 20' });
    expect(flights.packets).toBe(2100);
    for (let ms = 0; ms < 6000; ms += 16) flights.advance(16, STRETCH);
    expect(drops).toEqual([{ id: 2050, count: 1 }]);
    expect(flights.packets).toBe(0);
  });
});

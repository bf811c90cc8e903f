import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../graph/build.ts';
import {
  type SampleContainer,
  sampleNamespace,
  sampleTopology,
  withIsland,
  withRouter,
  withTaps,
} from '../graph/sample-topology.ts';
import { type Box, overlap } from '../lib/geometry.ts';
import { type Layout, layOut } from './layout.ts';
import type { Memory } from './placement.ts';

const containers = (count: number): SampleContainer[] =>
  Array.from({ length: count }, (_, i) => ({ number: i + 2, bridges: [0] }));

function place(topology: ReturnType<typeof sampleTopology>, memory: Memory | null = null): Layout {
  const layout = layOut(buildGraph(topology), memory);
  if (layout === null) throw new Error('nothing to lay out');
  return layout;
}

/** Corner of every box and of everything in it, the size of boxes aside: those may grow where they stand. */
function corners(layout: Layout): Map<string, string> {
  const found = new Map<string, string>();
  for (const placed of layout.placement.namespaces) {
    found.set(placed.node.id, `${placed.box.x},${placed.box.y}`);
    found.set(placed.node.stack, `${placed.stack.x},${placed.stack.y}`);
    for (const device of placed.devices) {
      if (device.node.shape !== 'bridge') found.set(device.node.id, `${device.box.x},${device.box.y}`);
    }
  }
  return found;
}

describe('fixed slots', () => {
  const bridges = fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 0, maxLength: 2 });
  const set = fc.uniqueArray(fc.record({ number: fc.integer({ min: 2, max: 60 }), bridges }), {
    selector: (container) => container.number,
    maxLength: 40,
  });

  it('moves nothing when namespaces come and go', () => {
    fc.assert(
      fc.property(set, set, (before, after) => {
        const kept = before.filter((a) => after.some((b) => a.number === b.number));
        const next = [...kept, ...after.filter((b) => !before.some((a) => a.number === b.number))];
        const first = place(sampleTopology(3, before));
        const second = place(sampleTopology(3, next), first.memory);
        const was = corners(first);
        for (const [key, corner] of corners(second))
          if (was.has(key)) expect([key, corner]).toEqual([key, was.get(key)]);
      }),
    );
  });

  it('never lets two namespaces or two interfaces share space', () => {
    fc.assert(
      fc.property(set, set, (before, more) => {
        const added = more.filter((b) => !before.some((a) => a.number === b.number));
        const first = place(sampleTopology(3, before));
        const { placement } = place(sampleTopology(3, [...before, ...added]), first.memory);
        expectApart(placement.namespaces.map((each) => each.box));
        const ifaces = placement.namespaces.flatMap((each) => each.devices.filter((d) => d.node.shape === 'iface'));
        expectApart(ifaces.map((each) => each.box));
      }),
    );
  });

  it('finds room for ports that lead nowhere known', () => {
    fc.assert(
      fc.property(set, fc.integer({ min: 1, max: 12 }), (before, taps) => {
        const { placement } = place(withTaps(sampleTopology(2, before.map(oneBridge)), taps));
        const ifaces = placement.namespaces.flatMap((each) => each.devices.filter((d) => d.node.shape === 'iface'));
        expectApart(ifaces.map((each) => each.box));
      }),
    );
  });

  it('is the same picture for the same input', () => {
    const topology = sampleTopology(2, containers(7));
    expect(place(topology)).toEqual(place(topology));
  });
});

const oneBridge = (container: SampleContainer): SampleContainer => ({ ...container, bridges: [0] });

function expectApart(boxes: readonly Box[]): void {
  expect(overlapping(boxes)).toEqual([]);
}

function overlapping(boxes: readonly Box[]): [Box, Box][] {
  return boxes.flatMap((a, i) => boxes.slice(i + 1).flatMap((b): [Box, Box][] => (overlap(a, b) > 0 ? [[a, b]] : [])));
}

describe('100 namespaces with 400 interfaces', () => {
  /** Every other one on two bridges: 100 loopbacks, 150 interfaces and 150 ports. */
  const many = (count: number): SampleContainer[] =>
    Array.from({ length: count }, (_, i) => ({ number: i + 2, bridges: i % 2 === 0 ? [0] : [0, 1] }));
  const topology = sampleTopology(2, many(100));

  it('is laid out in time', () => {
    const devices = topology.namespaces.flatMap((each) => each.links);
    expect(devices.length).toBeGreaterThanOrEqual(400);
    const graph = buildGraph(topology);
    // The first run warms nothing up: that is what a page does.
    const tookMs = Array.from({ length: 5 }, () => {
      const start = performance.now();
      layOut(graph, null);
      return performance.now() - start;
    });
    const [first = 0, ...later] = tookMs;
    console.log(`first layout of 100 namespaces: ${first.toFixed(1)} ms, then ${Math.min(...later).toFixed(1)} ms`);
    // The bar is 50 ms; the best of several says what the code needs, whatever else the machine is doing.
    expect(Math.min(...tookMs)).toBeLessThan(50);
  });

  it('moves nothing for one more', () => {
    const first = place(topology);
    const was = corners(first);
    const now = corners(place(sampleTopology(2, many(101)), first.memory));
    for (const [key, corner] of was) expect([key, now.get(key)]).toEqual([key, corner]);
    expect(now.size).toBeGreaterThan(was.size);
  });

  it('fills the screen', () => {
    for (const aspect of [0.6, 1.36, 1.9]) {
      const { placement } = layOut(buildGraph(topology), null, aspect) as Layout;
      const { width, height } = placement.bounds;
      expect(width / height / aspect).toBeGreaterThan(0.7);
      expect(width / height / aspect).toBeLessThan(1.45);
      const ifaces = placement.namespaces.flatMap((each) => each.devices.filter((d) => d.node.shape === 'iface'));
      expectApart(placement.namespaces.map((each) => each.box));
      expectApart(ifaces.map((each) => each.box));
    }
  });
});

describe('sides', () => {
  it('puts containers right of the host, level with their ports', () => {
    const { placement } = place(sampleTopology(1, containers(3)));
    const host = placement.namespaces.find((each) => each.role === 'host');
    for (const placed of placement.namespaces.filter((each) => each.role === 'right')) {
      expect(placed.box.x).toBeGreaterThan((host?.box.x ?? 0) + (host?.box.width ?? 0));
      const iface = placed.devices.find((each) => each.node.link.name === 'eth0');
      const port = placement.boxes.get(iface?.node.peer ?? '');
      expect(port?.y).toBe(iface?.box.y);
    }
  });

  it('puts the namespace behind the default route on the outside', () => {
    const { placement } = place(withRouter(sampleTopology(1, containers(2)), 90));
    const router = placement.namespaces.find((each) => each.node.namespace.names[0]?.text === 'router');
    expect(router?.role).toBe('left');
    expect((router?.box.x ?? 0) + (router?.box.width ?? 0)).toBeLessThan(0);
    expect(placement.outsides).toEqual([]);
  });

  it('gives namespaces that are wired to each other alone a shelf of their own, and moves nobody for it', () => {
    const machine = sampleTopology(1, containers(2));
    const before = place(machine);
    const after = place(withIsland(machine, 4), before.memory);
    const { namespaces } = after.placement;
    expectApart(namespaces.map((each) => each.box));
    const now = corners(after);
    for (const [key, corner] of corners(before)) expect([key, now.get(key)]).toEqual([key, corner]);
    const members = namespaces.filter((each) => each.node.namespace.names[0]?.text.startsWith('isle'));
    const hub = members.find((each) => each.node.namespace.names[0]?.text === 'isle-hub');
    expect(members).toHaveLength(5);
    for (const member of members) {
      expect(member.box.y + member.box.height).toBeLessThan(0);
      if (member !== hub) expect(member.box.x).toBeGreaterThan((hub?.box.x ?? 0) + (hub?.box.width ?? 0));
    }
  });

  it('finds a place for a namespace without any wire', () => {
    const topology = sampleTopology(1, containers(2));
    const alone = sampleNamespace(70, 'alone', []);
    const { placement } = place({ namespaces: [...topology.namespaces, alone] });
    expectApart(placement.namespaces.map((each) => each.box));
    expect(placement.namespaces).toHaveLength(4);
  });
});

it('puts a box where a person put it, with everything in it, and moves nothing else', () => {
  const graph = buildGraph(sampleTopology(1, containers(3)));
  const first = layOut(graph, null) as Layout;
  const second = layOut(graph, first.memory, 1.36, new Map([['app-3', { x: 900, y: 700 }]])) as Layout;
  const was = corners(first);
  const moved = [...corners(second)].filter(([key, corner]) => was.get(key) !== corner).map(([key]) => key);
  expect(moved).toEqual(['c3', 'stack:c3', 'device:c3/2', 'device:c3/1']);
  const box = second.placement.namespaces.find((each) => each.node.id === 'c3')?.box;
  expect(box).toMatchObject({ x: 900, y: 700 });
});

it('draws every wire between the boxes it connects', () => {
  const graph = buildGraph(withRouter(sampleTopology(3, containers(20)), 90));
  const { placement } = layOut(graph, null) as Layout;
  expect(placement.wires.size).toBe(graph.edges.length);
  for (const { edge, points } of placement.wires.values()) {
    const first = points[0];
    const last = points[points.length - 1];
    for (const [node, point] of [
      [edge.a, first],
      [edge.b, last],
    ] as const) {
      const box = placement.boxes.get(node) as Box;
      const reach = { x: box.x - 1, y: box.y - 1, width: box.width + 2, height: box.height + 2 };
      expect(
        overlap(reach, { x: (point?.x ?? 0) - 0.5, y: (point?.y ?? 0) - 0.5, width: 1, height: 1 }),
      ).toBeGreaterThan(0);
    }
  }
});

import type { NetnsId, Topology } from '@hopscope/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph } from '../graph/build.ts';
import { foldGraph, idleNamespaces, withWay } from '../graph/folding.ts';
import { sampleTopology, withIsland, withRouter } from '../graph/sample-topology.ts';
import { type Layout, layOut, layOutTidily } from './layout.ts';
import type { Memory } from './placement.ts';

function place(topology: Topology, folded: ReadonlySet<NetnsId>, memory: Memory | null): Layout {
  const { graph, folded: away } = foldGraph(buildGraph(topology), folded);
  const layout = layOut(graph, memory, undefined, undefined, away);
  if (layout === null) throw new Error('nothing to lay out');
  return layout;
}

/** Corner of every namespace and interface. */
function corners({ placement }: Layout): Map<string, string> {
  const boxes = placement.namespaces.flatMap(({ node, box, devices }) => [
    [node.id as string, box] as const,
    ...devices.filter((each) => each.node.shape !== 'bridge').map((each) => [each.node.id, each.box] as const),
  ]);
  return new Map(boxes.map(([id, box]) => [id, `${box.x},${box.y}`]));
}

const machine = fc
  .tuple(
    fc.uniqueArray(
      fc.record({ number: fc.integer({ min: 2, max: 60 }), bridges: fc.subarray([0, 1, 2], { minLength: 1 }) }),
      { selector: (container) => container.number, minLength: 1, maxLength: 30 },
    ),
    fc.boolean(),
    fc.integer({ min: 0, max: 4 }),
  )
  .map(([containers, hasRouter, island]) => {
    const topology = hasRouter ? withRouter(sampleTopology(3, containers), 90) : sampleTopology(3, containers);
    return island > 0 ? withIsland(topology, island) : topology;
  });

describe('folding', () => {
  it('moves nothing that is still shown, and what wakes is where it was', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(machine, fc.infiniteStream(fc.boolean()), (topology, coin) => {
        const graph = buildGraph(topology);
        const keep = new Set(graph.namespaces.filter(() => coin.next().value === true).map((node) => node.id));
        const folded = new Set(idleNamespaces(graph, () => undefined, 0, keep));
        const before = place(topology, new Set(), null);
        const after = place(topology, folded, before.memory);
        const was = corners(before);
        for (const [id, corner] of corners(after)) expect([id, corner]).toEqual([id, was.get(id)]);
        expect(after.placement.folded?.namespaces.length ?? 0).toBe(folded.size);
        const woken = place(topology, new Set(), after.memory);
        expect([...corners(woken)].sort()).toEqual([...was].sort());
      }),
      { numRuns: 60 },
    );
  });

  it('takes what no packet used in the last minute, and never what something shown hangs on', () => {
    const topology = withRouter(
      sampleTopology(1, [
        { number: 2, bridges: [0] },
        { number: 3, bridges: [0] },
        { number: 4, bridges: [0] },
      ]),
      90,
    );
    const graph = buildGraph(topology);
    const titleOf = (id: NetnsId): string => graph.byNetns.get(id)?.namespace.names[0]?.text ?? '';
    const lastMs = (device: string): number | undefined =>
      device.startsWith(`${graph.namespaces[1]?.id}/`)
        ? 150_000
        : device.startsWith(`${graph.namespaces[2]?.id}/`)
          ? 90_000
          : undefined;
    expect(idleNamespaces(graph, lastMs, 160_000).map(titleOf)).toEqual(['app-3', 'app-4']);
    expect(idleNamespaces(graph, lastMs, 140_000).map(titleOf)).toEqual(['app-4']);
  });

  it('of an island takes all or nothing', () => {
    const graph = buildGraph(withIsland(sampleTopology(1, []), 3));
    const [one] = graph.namespaces.slice(-1);
    const way = withWay(graph, new Set(one === undefined ? [] : [one.id]));
    expect(way.size).toBe(4);
  });

  it('packs anew only where that makes the picture much larger on the screen', () => {
    const topology = sampleTopology(
      1,
      Array.from({ length: 100 }, (_, i) => ({ number: i + 2, bridges: [0] })),
    );
    const graph = buildGraph(topology);
    const before = place(topology, new Set(), null);
    const tidy = (count: number) => {
      const folded = foldGraph(graph, new Set(graph.namespaces.slice(101 - count).map((node) => node.id)));
      return layOutTidily(folded.graph, before.memory, undefined, undefined, folded.folded);
    };
    expect(tidy(2)?.isPacked).toBe(false);
    const scattered = new Set(graph.namespaces.filter((_, i) => i % 12 !== 1).map((node) => node.id));
    const few = foldGraph(graph, scattered);
    expect(layOutTidily(few.graph, before.memory, undefined, undefined, few.folded)?.isPacked).toBe(true);
  });

  it('keeps numbers of ports, and takes the ports that lead to what is folded', () => {
    const graph = buildGraph(
      sampleTopology(1, [
        { number: 2, bridges: [0] },
        { number: 3, bridges: [0] },
      ]),
    );
    const first = graph.namespaces[1];
    const { graph: rest } = foldGraph(graph, new Set(first === undefined ? [] : [first.id]));
    const ports = [...rest.devices.values()].filter((device) => device.master !== null);
    expect(ports.map(({ link, port }) => [link.name, port])).toEqual([['veth130', 2]]);
    expect(rest.edges.every(({ a, b }) => !/\/120$/.test(a) && !/\/120$/.test(b))).toBe(true);
  });
});

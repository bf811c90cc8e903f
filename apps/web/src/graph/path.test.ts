import { describe, expect, it } from 'vitest';
import { buildGraph } from './build.ts';
import type { NodeId } from './graph.ts';
import { buildExchangePath, type ExchangePath } from './path.ts';
import { createRouter } from './route.ts';
import { type SampleExchange, sampleExchange } from './sample-exchange.ts';
import { sampleTopology } from './sample-topology.ts';

const topology = sampleTopology(1, [
  { number: 2, bridges: [0] },
  { number: 3, bridges: [0] },
  { number: 4, bridges: [0] },
]);
const graph = buildGraph(topology);

function pathOf(sample: SampleExchange): ExchangePath {
  return buildExchangePath(sampleExchange(topology, sample), graph, createRouter(graph), 5000);
}

/** `build-7/docker0` instead of node ids. */
function nameOf(node: NodeId): string {
  const device = graph.devices.get(node);
  const [kind, netns] = device === undefined ? node.split(':') : ['', device.netns];
  const title = topology.namespaces.find((each) => each.id === netns)?.names[0]?.text;
  return `${title}/${device?.link.name ?? kind}`;
}

const waysOf = (path: ExchangePath): string[] => path.legs.map((leg) => leg.nodes.map(nameOf).join(' '));

describe('path', () => {
  it('goes from stack to stack and back, without a pause in between', () => {
    const path = pathOf({
      request: ['build-7/docker0 out 0', 'build-7/veth120 out 10', 'app-2/eth0 in 16'],
      reply: ['app-2/eth0 out 44', 'build-7/veth120 in 50', 'build-7/docker0 in 61'],
    });
    expect(waysOf(path)).toEqual([
      'build-7/stack build-7/docker0',
      'build-7/docker0 build-7/veth120',
      'build-7/veth120 app-2/eth0',
      'app-2/eth0 app-2/stack',
      'app-2/stack',
      'app-2/stack app-2/eth0',
      'app-2/eth0 build-7/veth120',
      'build-7/veth120 build-7/docker0',
      'build-7/docker0 build-7/stack',
    ]);
    for (const [i, leg] of path.legs.entries()) {
      if (i > 0) expect([leg.from, leg.startNs]).toEqual([i - 1, path.legs[i - 1]?.endNs]);
    }
    // What the kernel said is kept to the nanosecond.
    expect(path.legs.map((leg) => leg.endNs).filter((_, i) => [0, 1, 2, 5, 6, 7].includes(i))).toEqual([
      0, 10_000, 16_000, 44_000, 50_000, 61_000,
    ]);
    expect(path.steps.map((step) => step.number)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('splits where a bridge floods, and only one branch is delivered', () => {
    const path = pathOf({
      request: [
        'app-2/eth0 out 0',
        'build-7/veth120 in 2',
        'build-7/veth130 out 6',
        'app-3/eth0 in 7',
        'build-7/veth140 out 8',
        'app-4/eth0 in 9',
      ],
    });
    const ways = waysOf(path);
    expect(ways).toContain('build-7/veth120 build-7/docker0 build-7/veth130');
    expect(ways).toContain('build-7/veth120 build-7/docker0 build-7/veth140');
    const from = path.legs.filter((leg) => leg.nodes.length === 3).map((leg) => leg.from);
    expect(new Set(from).size).toBe(1);
    expect(ways.filter((way) => way.endsWith('/stack'))).toHaveLength(1);
  });

  it('ends at the drop', () => {
    const path = pathOf({
      request: ['app-2/eth0 out 0', 'build-7/veth120 in 2', 'build-7/docker0 in 3'],
      drop: 'build-7/docker0 in 9',
    });
    expect(path.drops).toEqual([{ node: path.steps[2]?.node, leg: path.legs.length - 1, atNs: 9000 }]);
    expect(path.endNs).toBe(9000);
  });

  it('leaves the machine, waits outside and comes back', () => {
    const path = pathOf({
      request: ['build-7/eth0 out 0'],
      reply: ['build-7/eth0 in 9000'],
    });
    expect(waysOf(path)).toEqual([
      'build-7/stack build-7/eth0',
      'build-7/eth0 build-7/outside',
      'build-7/outside',
      'build-7/outside build-7/eth0',
      'build-7/eth0 build-7/stack',
    ]);
  });

  it('runs round the loopback', () => {
    const path = pathOf({
      request: ['build-7/lo out 0', 'build-7/lo in 2'],
      reply: ['build-7/lo out 9', 'build-7/lo in 11'],
    });
    expect(waysOf(path)[0]).toBe('build-7/stack build-7/lo');
    expect(waysOf(path)).toContain('build-7/lo build-7/stack');
    expect(path.steps).toHaveLength(4);
  });

  it('finds a way where hops were missed', () => {
    const path = pathOf({ request: ['build-7/docker0 out 0', 'app-2/eth0 in 16'] });
    expect(waysOf(path)).toContain('build-7/docker0 build-7/veth120 app-2/eth0');
  });

  it('lets a journey that was seen no further end where it was', () => {
    const path = pathOf({ request: ['build-7/docker0 out 0', 'build-7/veth120 out 10'] });
    expect(path.endNs).toBe(10_000);
  });

  it('survives clocks of two CPUs that disagree by a little', () => {
    const path = pathOf({ request: ['build-7/docker0 out 1', 'build-7/veth120 out 0.9', 'app-2/eth0 in 2'] });
    for (const leg of path.legs) expect(leg.endNs).toBeGreaterThanOrEqual(leg.startNs);
  });
});

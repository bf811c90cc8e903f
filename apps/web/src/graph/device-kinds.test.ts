import { describe, expect, it } from 'vitest';
import { GLYPHS } from '../render/glyphs.ts';
import { buildGraph } from './build.ts';
import { describeDevice } from './describe.ts';
import { KIND_WORDS, type KindSign, signOf } from './device-kinds.ts';
import { defaultEdges, findGateways } from './gateways.ts';
import type { DeviceNode, Graph } from './graph.ts';
import { sampleKinds, sampleTopology } from './sample-topology.ts';

const deviceOf = (graph: Graph, name: string): DeviceNode => {
  const found = [...graph.devices.values()].find((device) => device.link.name === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
};

describe('signs of interfaces', () => {
  it('are different lines for different kinds, and each is in the legend', () => {
    const signs = Object.keys(KIND_WORDS) as KindSign[];
    expect(new Set(signs.map((sign) => GLYPHS[sign])).size).toBe(signs.length);
  });

  it('tell what the kernel says', () => {
    const graph = buildGraph(sampleKinds());
    const signs = new Map([...graph.devices.values()].map(({ link }) => [link.name, signOf(link)]));
    expect(Object.fromEntries(signs)).toEqual({
      lo: 'loopback',
      ens3: 'physical',
      ens4: 'physical',
      ens5: 'physical',
      bond0: 'bond',
      'bond0.20': 'vlan',
      macvlan0: 'macvlan',
      ipvlan0: 'macvlan',
      vxlan42: 'tunnel',
      tap0: 'tun',
      tun0: 'tun',
      br0: 'bridge',
      wg0: 'tunnel',
      'veth-a': 'veth',
      'veth-b': 'veth',
      dummy0: 'dummy',
    });
    expect(signOf({ kind: 'nlmon' })).toBe('other');
  });

  it('stand beside the words: the id of a VXLAN and its remote end, the tag of a VLAN', () => {
    const graph = buildGraph(sampleKinds());
    const vxlan = describeDevice(deviceOf(graph, 'vxlan42'));
    expect([vxlan.kind, vxlan.tags.map(({ text }) => text)]).toEqual(['vxlan 42', ['→ 192.168.7.9', 'mtu 1450']]);
    expect(describeDevice(deviceOf(graph, 'bond0.20')).kind).toBe('vlan 20');
  });
});

describe('default gateways', () => {
  const graph = buildGraph(
    sampleTopology(2, [
      { number: 2, bridges: [0] },
      { number: 3, bridges: [0] },
      { number: 4, bridges: [1] },
    ]),
  );

  it('are the devices on the same wire or bridge that have the address', () => {
    const found = [...findGateways(graph)].map(([node, count]) => [graph.devices.get(node)?.link.name, count]);
    expect(found).toEqual([
      ['docker0', 2],
      ['br-1', 1],
    ]);
  });

  it('are reached by one interface of each namespace', () => {
    const edges = graph.edges.filter(({ id }) => defaultEdges(graph).has(id));
    expect(edges.map(({ b }) => graph.devices.get(b)?.link.name)).toEqual(['eth0', 'eth0', 'eth0', 'eth0']);
  });
});

import { type NamespaceName, type NetnsId, parseServerFrame, type Topology } from '@hopscope/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LinkFacts, NamespaceFacts } from './namespace-facts.ts';
import { applyChanges, buildTopology, diffTopology } from './topology.ts';

const link = (ifindex: number, over: Partial<LinkFacts> = {}): LinkFacts => ({
  ifindex,
  name: `if${ifindex}`,
  kind: 'physical',
  type: 1,
  mac: '02:00:00:00:00:01',
  mtu: 1500,
  up: true,
  operstate: 'up',
  master: 0,
  portState: '',
  peerIfindex: 0,
  peerNetnsInum: 0,
  addresses: [],
  vlanId: 0,
  vxlanId: 0,
  vxlanRemote: '',
  ...over,
});

const facts = (inum: number, over: Partial<NamespaceFacts> = {}): NamespaceFacts => ({
  inum,
  cookie: String(inum * 10),
  own: false,
  paths: [],
  pids: [],
  links: [],
  defaultRoutes: [],
  ...over,
});

const named = (text: string, source: NamespaceName['source']): NamespaceName => ({
  text,
  source,
  image: '',
  project: '',
});
const noNames = new Map<number, NamespaceName[]>();
const titles = (topology: Topology): string[] => topology.namespaces.map((one) => one.names[0]?.text ?? '');

describe('buildTopology', () => {
  it('puts the host first, then namespaces by inum and links by ifindex', () => {
    const topology = buildTopology(
      [facts(9), facts(3, { links: [link(7), link(1)] }), facts(5, { own: true })],
      noNames,
    );
    expect(topology.namespaces.map((one) => [one.inum, one.host])).toEqual([
      [5, true],
      [3, false],
      [9, false],
    ]);
    expect(topology.namespaces[1]?.links.map((one) => one.ifindex)).toEqual([1, 7]);
  });

  it("draws a lab's host as the host when told to", () => {
    const topology = buildTopology([facts(1, { own: true }), facts(2)], noNames, { hostInum: 2 });
    expect(topology.namespaces.map((one) => [one.inum, one.host])).toEqual([
      [2, true],
      [1, false],
    ]);
  });

  it('pairs veth ends across namespaces by id, and says when the other end is not known', () => {
    const topology = buildTopology(
      [
        facts(1, { own: true, links: [link(4, { peerIfindex: 2, peerNetnsInum: 7 })] }),
        facts(7, { links: [link(2, { peerIfindex: 4, peerNetnsInum: 1 }), link(3, { peerIfindex: 9 })] }),
        facts(8, { cookie: '', links: [link(2, { peerIfindex: 4, peerNetnsInum: 999 })] }),
      ],
      noNames,
    );
    expect(topology.namespaces.flatMap((one) => one.links.map((each) => each.peer))).toEqual([
      { netns: 'c70', ifindex: 2 },
      { netns: 'c10', ifindex: 4 },
      { netns: null, ifindex: 9 },
      { netns: null, ifindex: 4 },
    ]);
    expect(topology.namespaces[2]?.id).toBe('i8');
  });

  it('names by what was given, then `ip netns`, then inum; a process name only when nothing better is known', () => {
    const names = new Map([
      [1, [named('web', 'docker')]],
      [2, [named('sleep', 'process')]],
      [3, [named('sleep', 'process')]],
      [5, [named('blue', 'netns')]],
    ]);
    const paths = ['/run/docker/netns/1f2e', '/run/netns/blue'];
    const topology = buildTopology(
      [1, 2, 3, 4, 5].map((inum) => facts(inum, { paths: inum === 3 ? [] : paths })),
      names,
    );
    expect(titles(topology)).toEqual(['web', 'blue', 'sleep', 'blue', 'blue']);
    expect(topology.namespaces[4]?.names).toHaveLength(1);
    expect(titles(buildTopology([facts(42)], noNames))).toEqual(['42']);
  });

  it('keeps the host titled as the host when containers share its namespace', () => {
    const own = [facts(1, { own: true })];
    expect(titles(buildTopology(own, new Map([[1, [named('web', 'docker')]]])))).toEqual(['host']);
    const given = new Map([[1, [named('web', 'docker'), named('atlas', 'own')]]]);
    expect(titles(buildTopology(own, given))).toEqual(['atlas']);
  });

  it('does not depend on the order of its input and makes a valid frame', () => {
    const some = fc.uniqueArray(fc.nat(50), { maxLength: 6 }).map((inums) => inums.map((inum) => facts(inum)));
    fc.assert(
      fc.property(some, (input) => {
        const topology = buildTopology(input, noNames);
        expect(buildTopology([...input].reverse(), noNames)).toEqual(topology);
        const frame = { type: 'topology', version: 1, topology };
        expect(parseServerFrame(JSON.stringify(frame))).toEqual(frame);
      }),
    );
  });
});

describe('diffTopology and applyChanges', () => {
  const someLink = fc.record({ ifindex: fc.nat(3), name: fc.constantFrom('eth0', 'eth1'), up: fc.boolean() });
  const someNamespace = fc.record({
    inum: fc.nat(5),
    cookie: fc.constantFrom('1', '2', ''),
    own: fc.boolean(),
    links: fc.uniqueArray(someLink, { selector: (one) => one.ifindex, maxLength: 3 }),
  });
  const someTopology = fc.uniqueArray(someNamespace, { selector: (one) => one.inum, maxLength: 5 }).map((all) =>
    buildTopology(
      all.map(({ links, cookie, ...one }) =>
        facts(one.inum, {
          ...one,
          cookie: cookie && cookie + one.inum,
          links: links.map((each) => link(each.ifindex, each)),
        }),
      ),
      noNames,
    ),
  );

  it('turn any topology into any other', () => {
    fc.assert(
      fc.property(someTopology, someTopology, (before, after) => {
        expect(applyChanges(before, diffTopology(before, after))).toEqual(after);
      }),
    );
  });

  it('say nothing when nothing changed, also after a trip over the wire', () => {
    fc.assert(
      fc.property(someTopology, (topology) => {
        expect(diffTopology(topology, structuredClone(topology))).toEqual([]);
      }),
    );
  });

  it('keep unchanged namespaces as they were and name only what changed', () => {
    const before = buildTopology([facts(1, { own: true }), facts(2), facts(3)], noNames);
    const after = buildTopology([facts(1, { own: true }), facts(2, { links: [link(1)] }), facts(4)], noNames);
    const changes = diffTopology(before, after);
    expect(changes.map((change) => (change.op === 'put' ? change.namespace.id : `-${change.id}`))).toEqual([
      '-c30',
      'c20',
      'c40',
    ]);
    expect(applyChanges(before, changes).namespaces[0]).toBe(before.namespaces[0]);
  });

  it('tells a namespace from another one that got its inum', () => {
    const before = buildTopology([facts(5, { cookie: '1' })], noNames);
    const after = buildTopology([facts(5, { cookie: '2' })], noNames);
    expect(diffTopology(before, after)).toEqual([
      { op: 'remove', id: 'c1' as NetnsId },
      { op: 'put', namespace: after.namespaces[0] },
    ]);
  });
});

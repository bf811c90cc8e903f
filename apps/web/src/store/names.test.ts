import { describe, expect, it } from 'vitest';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import { buildNames } from './names.ts';
import { dropWords, joinSentence, outcomeOf, routeOf, verdictSentence } from './words.ts';

const topology = sampleTopology(1, [
  { number: 2, bridges: [0] },
  { number: 3, bridges: [0] },
]);
const names = buildNames(topology);
const [host, second] = topology.namespaces.map((each) => each.id);

describe('names', () => {
  it('turns an address into the name of the namespace that has it', () => {
    expect(names.address('172.17.0.3', null)).toBe('app-3');
    expect(names.address('172.17.0.1', null)).toBe('build-7');
    expect(names.address('203.0.113.9', null)).toBe('203.0.113.9');
  });

  it('does not guess between two that have it, unless the packet was seen at one of them', () => {
    const twin = sampleTopology(1, [{ number: 2, bridges: [0] }]).namespaces[1];
    if (twin === undefined || second === undefined || host === undefined) throw new Error('no namespace');
    const other = {
      ...twin,
      id: 'c99' as typeof twin.id,
      names: [{ text: 'twin', source: 'docker' as const, image: '', project: '' }],
    };
    const doubled = buildNames({ namespaces: [...topology.namespaces, other] });
    expect(doubled.address('172.17.0.2', null)).toBe('172.17.0.2');
    expect(doubled.address('172.17.0.2', other.id)).toBe('twin');
    expect(doubled.address('172.17.0.2', second)).toBe('app-2');
    expect(doubled.address('172.17.0.2', host)).toBe('172.17.0.2');
  });
});

it('tells namespaces apart that have one name', () => {
  const [, one, two] = topology.namespaces;
  if (one === undefined || two === undefined) throw new Error('no namespace');
  const asleep = [one, two].map((each) => ({
    ...each,
    names: [{ text: 'sleep', source: 'process' as const, image: '', project: '' }],
  }));
  const alike = buildNames({ namespaces: asleep });
  expect([alike.namespace(one.id), alike.namespace(two.id)]).toEqual([`sleep (${one.inum})`, `sleep (${two.inum})`]);
  expect(names.namespace(one.id)).toBe('app-2');
});

describe('words', () => {
  const request = ['build-7/docker0 out 0', 'build-7/veth120 out 10', 'app-2/eth0 in 16'];

  it('tell how a ping went', () => {
    const replied = sampleExchange(topology, { request, reply: ['app-2/eth0 out 44', 'build-7/docker0 in 61'] });
    expect(routeOf(replied, names)).toMatchObject({ from: 'build-7', to: 'app-2' });
    expect(outcomeOf(replied).phrase).toBe('Replied in 61\u00a0µs');
    expect(verdictSentence(replied, names)).toBe('app-2 answered, and the reply reached build-7.');
    expect(joinSentence(replied)).toBe('5\u00a0hops · the same packet buffer all the way');
  });

  it('tell where and why the kernel dropped one', () => {
    const dropped = sampleExchange(topology, { request, drop: 'app-2/eth0 in 20' });
    expect(verdictSentence(dropped, names)).toBe(
      'The kernel dropped the request at eth0 in app-2. A firewall rule discards it.',
    );
    expect(dropWords(dropped, names)).toEqual({
      reason: 'NETFILTER_DROP',
      lines: ['A firewall rule discards it.', 'build-7 → app-2 #7.1', 'at eth0 in app-2', 'nf_hook_slow+0x9f'],
    });
  });
});

import { EVIDENCE } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import { evidenceRows } from './evidence-words.ts';
import { endsText, packetLabel, routeOf, sequenceOf } from './exchange-words.ts';
import { joinSentence } from './hop-words.ts';
import { buildNames } from './names.ts';
import { dropSentence, dropWords, incompleteSentence, outcomeOf, verdictSentence } from './words.ts';

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
  expect([alike.namespace(one.id), alike.namespace(two.id)]).toEqual(['sleep (…1002)', 'sleep (…1003)']);
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
    const sentence = dropSentence(dropped, topology, {});
    expect(sentence).toMatch(/firewall.* dropped the request on eth0 in app-2/);
    expect(verdictSentence(dropped, names)).toBe('');
    expect(dropWords(dropped, names, sentence)).toEqual({
      reason: 'NETFILTER_DROP',
      sentence,
      lines: ['build-7 → app-2 #7.1', 'at eth0 in app-2', 'nf_hook_slow+0x9f'],
    });
  });

  it('name a UDP or TCP packet by its ports, and TCP by the flags that tell something', () => {
    const ping = sampleExchange(topology, { request });
    const ports = { src: 40112, dst: 80 };
    const udp = { ...ping, kind: 'udp' as const, ports };
    expect(sequenceOf(udp)).toBe('UDP 40112 → 80');
    expect(packetLabel(udp, 'request')).toBe('UDP → :80');
    expect(endsText({ src: 'fd00::1', dst: '10.0.0.2', ports })).toBe('[fd00::1]:40112 → 10.0.0.2:80');
  });

  it('say what was lost while an exchange was under way', () => {
    expect(incompleteSentence([{ stage: 'ring-full', lost: 1200 }])).toBe(
      'Incomplete: while it was under way, the kernel’s ring buffer was full (1,200). Its path may have holes.',
    );
    expect(incompleteSentence([])).toBe(
      'Incomplete: while it was under way, hops were missed. Its path may have holes.',
    );
  });
});

it('has plain words for every fact that there can be', () => {
  const all = Object.fromEntries(Object.keys(EVIDENCE).map((key) => [key, 'x']));
  const { main, more } = evidenceRows(all);
  expect([...main, ...more].filter(({ key, label }) => key === label)).toEqual([]);
});

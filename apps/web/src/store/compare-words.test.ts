import { compareExchanges } from '@hopscope/model';
import { describe, expect, it } from 'vitest';
import { type SampleExchange, sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import { comparedRows, partingSentence } from './compare-words.ts';
import { buildNames } from './names.ts';

const topology = sampleTopology(1, [{ number: 2, bridges: [0] }]);
const names = buildNames(topology);
const request = ['build-7/docker0 out 0', 'build-7/veth120 out 10', 'app-2/eth0 in 16'];
const reply = ['app-2/eth0 out 44', 'build-7/veth120 in 50', 'build-7/docker0 in 61'];

function compared(a: SampleExchange, b: SampleExchange) {
  const left = sampleExchange(topology, { id: 1, ...a });
  const right = sampleExchange(topology, { id: 2, ...b });
  const comparison = compareExchanges(left, right);
  return {
    rows: comparedRows(comparison),
    text: partingSentence(comparison, left, right, names).replaceAll('\u00a0', ' '),
  };
}

describe('two exchanges in words', () => {
  it('took the same way', () => {
    const { rows, text } = compared({ request, reply }, { request, reply });
    expect(text).toBe('Both took the same way: 6 hops.');
    expect(rows.some(({ isFirstDifference }) => isFirstDifference)).toBe(false);
    expect(rows.findIndex(({ isTurn }) => isTurn)).toBe(3);
  });

  it('part where one of them was dropped, and say so', () => {
    const { rows, text } = compared(
      { request, reply },
      { request: request.slice(0, 2), drop: 'build-7/veth120 out 12' },
    );
    expect(text).toBe(
      'The first 2 hops are the same. Then A comes in at eth0 in app-2, and B was dropped at veth120 in build-7: NETFILTER_DROP.',
    );
    expect(rows.findIndex(({ isFirstDifference }) => isFirstDifference)).toBe(2);
  });

  it('part where each goes its own way', () => {
    const { text } = compared({ request }, { request: [...request.slice(0, 1), 'build-7/lo in 12'] });
    expect(text).toBe(
      'The first 1 hop is the same. Then A is sent to veth120 in build-7, and B comes in at lo in build-7.',
    );
  });

  it('part where only one is answered', () => {
    const { text } = compared({ request, reply }, { request });
    expect(text).toBe('The first 3 hops are the same. Then A is sent to eth0 in app-2, and B has no reply.');
  });

  it('part for one device and meet again', () => {
    const { text } = compared({ request }, { request: [request[0] ?? '', request[2] ?? ''] });
    expect(text).toBe(
      'The first 1 hop is the same. Then A is sent to veth120 in build-7, and B does not. They meet again at eth0 in app-2.',
    );
  });

  it('tell a difference in the headers once, where it begins', () => {
    const left = sampleExchange(topology, { request });
    const right = sampleExchange(topology, { id: 2, request });
    const other = right.request?.crossings.map((crossing) => ({
      ...crossing,
      packet: { ...crossing.packet, ttl: 63 },
    }));
    if (right.request === null || other === undefined) throw new Error('no request');
    const rows = comparedRows(compareExchanges(left, { ...right, request: { ...right.request, crossings: other } }));
    expect(rows.map(({ headers }) => headers.map(({ field }) => field))).toEqual([['ip.ttl'], [], []]);
  });
});

import { describe, expect, it } from 'vitest';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import { createFinished } from './finished.ts';

const topology = sampleTopology(1, [{ number: 2, bridges: [0] }]);
const request = ['build-7/docker0 out 0'];
const replied = (id: number) => sampleExchange(topology, { id, request, reply: ['build-7/docker0 in 61'] });
const idsOf = (exchanges: readonly { id: number }[]) => exchanges.map(({ id }) => id);

describe('finished exchanges', () => {
  it('are handed on once, a little after the reply', () => {
    const finished = createFinished();
    finished.note(sampleExchange(topology, { request }), 0);
    expect(finished.take(5e9)).toEqual([]);
    finished.note(replied(1), 5e9);
    expect(finished.take(5.05e9)).toEqual([]);
    expect(idsOf(finished.take(5.2e9))).toEqual([1]);
    finished.note(replied(1), 5.3e9);
    expect(finished.take(9e9)).toEqual([]);
  });

  it('wait for what may still change a drop', () => {
    const finished = createFinished();
    const dropped = sampleExchange(topology, { request, drop: 'build-7/docker0 out 5' });
    finished.note(dropped, 0);
    expect(finished.take(1e9)).toEqual([]);
    finished.note({ ...replied(dropped.id) }, 1e9);
    expect(finished.take(1.2e9)).toMatchObject([{ verdict: 'replied' }]);
  });

  it('are taken as they are when there are too many to wait for', () => {
    const finished = createFinished();
    const dropped = sampleExchange(topology, { request, drop: 'build-7/docker0 out 5' });
    for (let id = 1; id <= 20_003; id++) finished.note({ ...dropped, id }, 0);
    expect(idsOf(finished.take(1))).toEqual([1, 2, 3]);
  });
});

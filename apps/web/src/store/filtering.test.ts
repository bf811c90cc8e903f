import { type Exchange, type SubjectNames, subjectNames } from '@hopscope/model';
import type { NetnsId } from '@hopscope/protocol';
import { describe, expect, it } from 'vitest';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import { filterValues } from './filter-values.ts';
import { createFiltering } from './filtering.ts';

const topology = sampleTopology(1, [{ number: 2, bridges: [0] }]);
const names = subjectNames(topology);
const exchange: Exchange = sampleExchange(topology, {
  request: ['build-7/docker0 out 1', 'app-2/eth0 in 2'],
  drop: 'app-2/eth0 in 3',
});

describe('the filter that is applied', () => {
  it('lets everything pass until one is set, and again when it is emptied', () => {
    const filtering = createFiltering(names);
    expect([filtering.isOn, filtering.passes(exchange)]).toEqual([false, true]);
    expect(filtering.set('udp')).toBe(true);
    expect([filtering.isOn, filtering.passes(exchange)]).toEqual([true, false]);
    expect(filtering.set(' ')).toBe(true);
    expect([filtering.isOn, filtering.passes(exchange)]).toEqual([false, true]);
  });

  it('keeps what it has when another one has an error', () => {
    const filtering = createFiltering(names);
    filtering.set('udp');
    expect(filtering.set('udp &&')).toBe(false);
    expect(filtering.passes(exchange)).toBe(false);
  });

  it('asks again when names changed', () => {
    const filtering = createFiltering(names);
    filtering.set('container == renamed');
    expect(filtering.passes(exchange)).toBe(false);
    const before = filtering.version;
    const renamed: SubjectNames = { ...names, containerOf: (_: NetnsId) => 'renamed' };
    filtering.setNames(renamed);
    expect(filtering.version).toBeGreaterThan(before);
    expect(filtering.passes(exchange)).toBe(true);
  });
});

it('knows what can be filtered by now', () => {
  const values = filterValues(topology, names.containerOf, [exchange]);
  expect(values).toMatchObject({
    container: ['app-2'],
    netns: ['build-7', 'app-2'],
    'hop.reason': ['NETFILTER_DROP'],
    'ip.src': expect.arrayContaining(['172.17.0.1', '192.168.1.7']),
    'icmp.id': ['7'],
  });
  expect(values['hop.ifname']).toEqual(['lo', 'eth0', 'docker0', 'veth120']);
});

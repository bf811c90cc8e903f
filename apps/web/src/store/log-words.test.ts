import { describe, expect, it } from 'vitest';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import { logLine } from './log-words.ts';
import { buildNames } from './names.ts';

const topology = sampleTopology(1, [{ number: 2, bridges: [0] }]);
const names = buildNames(topology);
const request = ['build-7/docker0 out 0', 'build-7/veth120 out 10'];
const good = sampleExchange(topology, { request, reply: ['build-7/docker0 in 61'] });
const bad = sampleExchange(topology, { request, drop: 'build-7/veth120 out 12' });
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('the log', () => {
  it('tells a few one by one', () => {
    const line = plain(logLine([good, bad], names));
    expect(line).toMatch(/#7\.1: Replied in 61 µs\. .*#7\.1: Dropped, NETFILTER_DROP at veth120 in build-7\.$/);
  });

  it('counts many, and tells what went wrong', () => {
    expect(plain(logLine([good, good, good, good], names))).toBe('4 exchanges, all went well.');
    const line = plain(logLine([good, ...Array.from({ length: 5 }, () => bad)], names));
    expect(line).toMatch(/^6 exchanges, 5 did not end well\. /);
    expect(line.match(/Dropped/g)).toHaveLength(3);
    expect(line).toMatch(/ And 2 more\.$/);
  });
});

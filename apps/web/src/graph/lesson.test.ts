import { describe, expect, it } from 'vitest';
import { buildGraph } from './build.ts';
import { deviceNode, type NodeId, stackNode } from './graph.ts';
import { type LessonLeg, lessonAt } from './lesson.ts';
import { sampleExchange } from './sample-exchange.ts';
import { sampleTopology } from './sample-topology.ts';

const topology = sampleTopology(1, [{ number: 2, bridges: [0] }]);
const graph = buildGraph(topology);
const titleOf = (id: string): string => topology.namespaces.find((each) => each.id === id)?.names[0]?.text ?? '';
const crossings =
  sampleExchange(topology, { request: ['build-7/docker0 out 0', 'build-7/veth120 out 10', 'app-2/eth0 in 16'] }).request
    ?.crossings ?? [];
const [docker0, veth, eth0] = crossings.map(({ device }) => deviceNode(device)) as [NodeId, NodeId, NodeId];
const plain = { arrives: null, isDropped: false };
const titleAt = (leg: Partial<LessonLeg>) => lessonAt({ nodes: [], ...plain, ...leg }, graph, titleOf)?.title;

describe('a lesson', () => {
  it('is about the wire through the wall, with the names of both ends', () => {
    const lesson = lessonAt({ nodes: [veth, eth0], ...plain }, graph, titleOf);
    expect(lesson?.title).toBe('A veth pair, through the wall');
    expect(lesson?.text).toContain('what goes in at veth120 in build-7 comes out at eth0 in app-2.');
  });

  it('is about the bridge, the stack or the drop where the packet is there', () => {
    expect(titleAt({ nodes: [docker0, veth] })).toBe('A bridge');
    expect(titleAt({ nodes: [eth0, stackNode(crossings[2]?.netns as never)] })).toBe('The IP stack');
    expect(titleAt({ nodes: [veth], isDropped: true })).toBe('Dropped');
    expect(titleAt({ nodes: [veth] })).toBeUndefined();
  });

  it('is about address translation wherever that happens, with both addresses', () => {
    const journey = sampleExchange(topology, { request: ['build-7/docker0 out 0', 'build-7/veth120 out 10'] }).request;
    if (journey === null) throw new Error('no request');
    const [first, second] = journey.crossings;
    if (first === undefined || second === undefined) throw new Error('no crossings');
    const translated = { ...second, packet: { ...second.packet, src: '192.0.2.2' } };
    const arrives = { journey: { ...journey, crossings: [first, translated] }, crossing: translated };
    const lesson = lessonAt({ nodes: [docker0, veth], arrives, isDropped: false }, graph, titleOf);
    expect(lesson?.text).toMatch(/source address is rewritten: 172\.17\.0\.1 becomes 192\.0\.2\.2\./);
  });
});

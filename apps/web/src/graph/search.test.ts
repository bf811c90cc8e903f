import { expect, it } from 'vitest';
import { buildGraph } from './build.ts';
import { sampleTopology } from './sample-topology.ts';
import { searchMap } from './search.ts';

const graph = buildGraph(
  sampleTopology(
    1,
    Array.from({ length: 12 }, (_, i) => ({ number: i + 2, bridges: [0] })),
  ),
);
const found = (query: string): string[] => searchMap(graph, query).map(({ title, detail }) => `${title} (${detail})`);

it('finds a namespace by its name, the whole name first', () => {
  expect(found('app-1').slice(0, 3)).toEqual(['app-10 (nginx:1.27)', 'app-11 (nginx:1.27)', 'app-12 (nginx:1.27)']);
  expect(found('APP-12')[0]).toBe('app-12 (nginx:1.27)');
});

it('finds an interface by its address, and says which', () => {
  expect(found('172.17.0.1')[0]).toBe('docker0 (172.17.0.1 · bridge in build-7)');
  expect(found('172.17.0.13')).toEqual(['eth0 (172.17.0.13 · veth in app-13)']);
});

it('finds interfaces by name and by MAC', () => {
  expect(found('veth120')).toEqual(['veth120 (veth in build-7)']);
  expect(found('02:42:ac').length).toBeGreaterThan(10);
});

it('finds nothing for nothing', () => {
  expect(found('  ')).toEqual([]);
  expect(found('no such thing')).toEqual([]);
});

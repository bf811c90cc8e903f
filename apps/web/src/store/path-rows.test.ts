import { createPathStatistics, type PathReport } from '@hopscope/model';
import { describe, expect, it } from 'vitest';
import { sampleExchange } from '../graph/sample-exchange.ts';
import { sampleTopology } from '../graph/sample-topology.ts';
import { formatLoss, formatTime, type HopSort, hopRows, nextSort, sortRows, unitOf } from './path-rows.ts';

const topology = sampleTopology(1, [{ number: 2, bridges: [0] }]);
const request = ['build-7/docker0 out 0', 'build-7/veth120 out 10', 'app-2/eth0 in 16'];
const reply = ['app-2/eth0 out 44', 'build-7/veth120 in 50', 'build-7/docker0 in 61'];

function pathOf(...exchanges: Parameters<typeof sampleExchange>[1][]): PathReport {
  const statistics = createPathStatistics();
  for (const sample of exchanges) statistics.add(sampleExchange(topology, sample));
  const [path] = statistics.paths();
  if (path === undefined) throw new Error('no path');
  return path;
}

describe('rows of path statistics', () => {
  it('say nothing of loss while nothing is lost, and where the reply begins', () => {
    const rows = hopRows(pathOf({ request, reply }), 'sinceStart');
    expect(rows.map(({ lossText }) => lossText)).toEqual(['', '', '', '', '', '']);
    expect(rows.findIndex(({ isTurn }) => isTurn)).toBe(3);
  });

  it('name the hop where packets died, and the one before which they were lost', () => {
    const path = pathOf({ request, reply }, { id: 2, request: request.slice(0, 2), drop: 'build-7/veth120 out 12' });
    expect(hopRows(path, 'sinceStart').map(({ lossText }) => lossText)).toEqual([
      '',
      '1 dropped here',
      '1 lost before here',
      '',
      '',
      '',
    ]);
  });

  it('show a round trip for the request alone', () => {
    expect(hopRows(pathOf({ request, reply }), 'roundTrip')).toHaveLength(3);
  });

  it('have one unit for a whole path', () => {
    const near = pathOf({ request, reply });
    expect([unitOf(near, 'sinceStart').name, formatTime(61_000, unitOf(near, 'sinceStart'))]).toEqual(['µs', '61.0']);
    const far = pathOf({ request, reply: ['app-2/eth0 out 20000', 'build-7/docker0 in 45100'] });
    expect([unitOf(far, 'sinceStart').name, formatTime(45.1e6, unitOf(far, 'sinceStart'))]).toEqual(['ms', '45.10']);
  });

  it('stand in the order of a column when asked, and in their own again', () => {
    const rows = hopRows(pathOf({ request, reply }), 'sinceStart');
    const times = (sort: HopSort | null) => sortRows(rows, sort, 'sinceStart').map(({ hop }) => hop.sinceStart?.lastNs);
    const once = nextSort(null, 'Last');
    expect(times(once)).toEqual([61_000, 50_000, 44_000, 16_000, 10_000, 0]);
    const twice = nextSort(once, 'Last');
    expect(times(twice)).toEqual([0, 10_000, 16_000, 44_000, 50_000, 61_000]);
    expect(nextSort(twice, 'Last')).toBeNull();
    expect(nextSort(twice, 'Loss')).toEqual({ column: 'Loss', isDescending: true });
    expect(sortRows(rows, null, 'sinceStart')).toBe(rows);
  });

  it('never call a loss nothing', () => {
    expect([0, 0.0004, 0.125, 0.5, 1].map(formatLoss)).toEqual(['0', '<0.1', '12.5', '50', '100']);
  });
});

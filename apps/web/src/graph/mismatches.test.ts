import type { DeviceId, Link, NetnsId, Topology } from '@hopscope/protocol';
import { expect, it } from 'vitest';
import type { DeviceCount } from '../store/device-rates.ts';
import { buildGraph } from './build.ts';
import { findMismatches } from './mismatches.ts';
import { sampleTopology } from './sample-topology.ts';

const machine = sampleTopology(2, [
  { number: 2, bridges: [0] },
  { number: 3, bridges: [0] },
  { number: 4, bridges: [1] },
]);

/** The machine with some fields of an interface changed. */
function changed(namespace: number, name: string, fields: Partial<Link>, topology: Topology = machine): Topology {
  const namespaces = topology.namespaces.map((each) =>
    each.cookie === String(namespace)
      ? { ...each, links: each.links.map((link) => (link.name === name ? { ...link, ...fields } : link)) }
      : each,
  );
  return { namespaces };
}

function wordsFor(topology: Topology, counts: readonly DeviceCount[] = []): string[] {
  const found = findMismatches(buildGraph(topology), counts);
  return [...found].flatMap(([node, some]) => some.map(({ kind, text }) => `${node} ${kind} ${text}`));
}

const global = (address: string): Link['addresses'] => [{ family: 4, address, prefix: 16, scope: 'global' }];

it('finds nothing on a machine that fits together', () => {
  expect(wordsFor(machine)).toEqual([]);
});

it('finds two ends with different MTU, and says so at both', () => {
  expect(wordsFor(changed(2, 'eth0', { mtu: 1400 }))).toEqual([
    'device:c1/120 mtu MTU 1500 here, 1400 at the other end (eth0 in app-2): larger packets are lost.',
    'device:c2/2 mtu MTU 1400 here, 1500 at the other end (veth120 in build-7): larger packets are lost.',
  ]);
});

it('finds a link that is down while its peer is up, and not two that are down', () => {
  const down = changed(2, 'eth0', { up: false });
  expect(wordsFor(down)).toEqual(['device:c2/2 peer-down Down, while its peer veth120 in build-7 is up.']);
  expect(wordsFor(changed(1, 'veth120', { up: false }, down))).toEqual([]);
});

it('finds an address that two have on one network, and not on two', () => {
  const twice = changed(3, 'eth0', { addresses: global('172.17.0.2') });
  expect(wordsFor(twice)).toEqual([
    'device:c2/2 duplicate-address 172.17.0.2 is also on eth0 in app-3, on the same network.',
    'device:c3/2 duplicate-address 172.17.0.2 is also on eth0 in app-2, on the same network.',
  ]);
  expect(wordsFor(changed(4, 'eth0', { addresses: global('172.17.0.2') }))).toEqual([]);
});

it('finds packets on an interface that nobody told us of', () => {
  const count = (ifindex: number): DeviceCount => ({
    device: `c2/${ifindex}` as DeviceId,
    netns: 'c2' as NetnsId,
    ifname: ifindex === 2 ? 'eth0' : 'ghost0',
    out: 3,
    in: 4,
    drops: 0,
    packetsPerSecond: 0,
    bitsPerSecond: 0,
    lastMs: 0,
  });
  expect(wordsFor(machine, [count(2)])).toEqual([]);
  expect(wordsFor(machine, [count(2), count(9)])).toEqual([
    'stack:c2 unknown-device 7 packets on ghost0, which the kernel’s list of interfaces does not have.',
  ]);
});

import type { Link } from '@hopscope/protocol';
import { expect, it } from 'vitest';
import { buildGraph } from './build.ts';
import { describeDevice } from './describe.ts';
import type { DeviceNode } from './graph.ts';
import { sampleTopology } from './sample-topology.ts';

/** The host's eth0 with some fields changed. */
function uplink(fields: Partial<Link>): DeviceNode {
  const topology = sampleTopology(1, []);
  const namespaces = topology.namespaces.map((each) => ({
    ...each,
    links: each.links.map((link) => (link.name === 'eth0' ? { ...link, ...fields } : link)),
  }));
  const node = [...buildGraph({ namespaces }).devices.values()].find((each) => each.link.name === 'eth0');
  if (node === undefined) throw new Error('eth0 is not drawn');
  return node;
}

const address = (text: string, family: 4 | 6, scope = 'global') => ({ family, address: text, prefix: 24, scope });

it('offers an address in several lengths, IPv4 first, without link-local ones', () => {
  const addresses = [address('fe80::1', 6, 'link'), address('2001:db8::7', 6), address('192.0.2.7', 4)];
  const words = describeDevice(uplink({ addresses }));
  expect(words.details).toEqual(['192.0.2.7/24 +1', '192.0.2.7/24', '192.0.2.7']);
  expect(words.full).toContain('fe80::1/24 (link)');
});

it('says what is wrong with a device, and what is unusual', () => {
  const tagsOf = (fields: Partial<Link>) => describeDevice(uplink(fields)).tags.map((tag) => tag.text);
  expect(tagsOf({})).toEqual([]);
  expect(tagsOf({ up: false, operstate: 'down' })).toEqual(['down']);
  expect(tagsOf({ operstate: 'down' })).toEqual(['no carrier']);
  expect(tagsOf({ operstate: 'lowerlayerdown', mtu: 9000 })).toEqual(['peer down', 'mtu 9000']);
});

it('leads outside only while it is up', () => {
  expect(uplink({}).leadsOutside).toBe(true);
  expect(uplink({ up: false }).leadsOutside).toBe(false);
});

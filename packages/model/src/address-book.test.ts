import { type NetnsId, netnsId, type Topology } from '@hopscope/protocol';
import { expect, it } from 'vitest';
import { createAddressBook } from './address-book.ts';

const a = netnsId('1', 4026531840);
const topologyWith = (address: string): Topology =>
  ({
    namespaces: [{ id: a, links: [{ addresses: [{ family: 4, address, prefix: 24, scope: 'global' }] }] }],
  }) as unknown as Topology;

it('knows the addresses of each namespace in the topology of the moment, and says nothing against others', () => {
  let topology = topologyWith('10.0.0.1');
  const owns = createAddressBook(() => topology);
  expect(owns(a, '10.0.0.1')).toBe(true);
  expect(owns(a, '10.0.0.2')).toBeNull();
  expect(owns('c2' as NetnsId, '10.0.0.1')).toBeNull();
  topology = topologyWith('10.0.0.2');
  expect([owns(a, '10.0.0.1'), owns(a, '10.0.0.2')]).toEqual([null, true]);
});

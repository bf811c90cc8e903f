// Addresses → names of the namespaces they belong to.
import type { NetnsId, Topology } from '@hopscope/protocol';

export interface Names {
  namespace(id: NetnsId): string;
  /**
   * The name of the namespace that has the address, or the address itself.
   * @param near where the packet was seen: decides between namespaces that have the same address
   */
  address(text: string, near: NetnsId | null): string;
}

export function buildNames(topology: Topology): Names {
  const titles = new Map(topology.namespaces.map((each) => [each.id, each.names[0]?.text ?? String(each.inum)]));
  const owners = new Map<string, NetnsId[]>();
  for (const namespace of topology.namespaces) {
    for (const link of namespace.links) {
      for (const { address } of link.addresses) {
        const list = owners.get(address);
        if (list === undefined) owners.set(address, [namespace.id]);
        else if (!list.includes(namespace.id)) list.push(namespace.id);
      }
    }
  }
  const namespace = (id: NetnsId): string => titles.get(id) ?? id;
  return {
    namespace,
    address(text, near) {
      const list = owners.get(text) ?? [];
      const [only] = list;
      if (isLoopback(text)) return near === null ? 'localhost' : namespace(near);
      if (near !== null && list.includes(near)) return namespace(near);
      return list.length === 1 && only !== undefined ? namespace(only) : text;
    },
  };
}

export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

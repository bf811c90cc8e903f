// Addresses → names of the namespaces they belong to.
import type { Namespace, NetnsId, Topology } from '@hopscope/protocol';

export interface Names {
  namespace(id: NetnsId): string;
  /**
   * The name of the namespace that has the address, or the address itself.
   * @param near where the packet was seen: decides between namespaces that have the same address
   */
  address(text: string, near: NetnsId | null): string;
}

export function buildNames(topology: Topology): Names {
  const titles = titlesOf(topology);
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

/** Two that would read alike, both called after a `sleep` that keeps them, carry the inum that the map shows too. */
function titlesOf({ namespaces }: Topology): Map<NetnsId, string> {
  const textOf = ({ names, inum }: Namespace): string => names[0]?.text ?? String(inum);
  const uses = new Map<string, number>();
  for (const each of namespaces) uses.set(textOf(each), (uses.get(textOf(each)) ?? 0) + 1);
  return new Map(
    namespaces.map((each) => {
      const text = textOf(each);
      return [each.id, (uses.get(text) ?? 0) > 1 ? `${text} (${each.inum})` : text];
    }),
  );
}

export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

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

/** Two that would read alike, both called after a `sleep` that keeps them, carry the end of the inum that the map shows. */
function titlesOf({ namespaces }: Topology): Map<NetnsId, string> {
  const alike = new Map<string, Namespace[]>();
  for (const each of namespaces) alike.set(titleOf(each), [...(alike.get(titleOf(each)) ?? []), each]);
  return new Map(
    namespaces.map((each) => {
      const text = titleOf(each);
      const others = (alike.get(text) ?? []).filter((other) => other !== each);
      return [each.id, others.length === 0 ? text : `${text} (${shortInum(each, others)})`];
    }),
  );
}

const titleOf = ({ names, inum }: Namespace): string => names[0]?.text ?? String(inum);

/** `…2462`: as many digits as tell it from the others, at least four. */
function shortInum({ inum }: Namespace, others: readonly Namespace[]): string {
  const whole = String(inum);
  for (let digits = 4; digits < whole.length; digits++) {
    const end = whole.slice(-digits);
    if (others.every((other) => !String(other.inum).endsWith(end))) return `…${end}`;
  }
  return whole;
}

export const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

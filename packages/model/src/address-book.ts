// Which namespace has which address: for the assembler, which knows packets and no topology.
import type { NetnsId, Topology } from '@hopscope/protocol';

/**
 * Answers true when a link of the namespace has the address in the topology as it is then, else null: it may have it all the same (a
 * route of type local, a broadcast address, a link that is not known yet).
 * @param topologyOf the current topology, another object whenever it changed
 */
export function createAddressBook(topologyOf: () => Topology): (netns: NetnsId, address: string) => true | null {
  let known: Topology | null = null;
  let owned = new Map<NetnsId, ReadonlySet<string>>();
  return (netns, address) => {
    const topology = topologyOf();
    if (topology !== known) {
      known = topology;
      owned = new Map(
        topology.namespaces.map(({ id, links }) => [
          id,
          new Set(links.flatMap(({ addresses }) => addresses.map((one) => one.address))),
        ]),
      );
    }
    return owned.get(netns)?.has(address) === true ? true : null;
  };
}

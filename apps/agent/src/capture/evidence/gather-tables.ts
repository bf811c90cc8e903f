// One drop → the facts of all tables that its plan names.
import type { LinkFacts, NamespaceFacts } from '@hopscope/model';
import type { Evidence } from '@hopscope/protocol';
import type { DropNote } from './drop-note.ts';
import { factsOf } from './facts.ts';
import type { NetfilterReader } from './netfilter/netfilter-reader.ts';
import { planTables, type Table } from './plan.ts';
import { readBridgePort, readOwnPort, readTrafficControl, readXdp } from './read-devices.ts';
import { readForwarding, readNeighbour, readRoute, readSourceCheck } from './read-routes.ts';
import type { TableReader } from './table-reader.ts';
import type { NetnsPlace } from './tools.ts';

/** Processes come and go: one of the first few will do. */
const PIDS_TRIED = 4;

export function placeOf({ inum, own, pids, paths }: NamespaceFacts): NetnsPlace {
  if (own) return { inum, files: ['/proc/self/ns/net'] };
  return { inum, files: [...paths, ...pids.slice(0, PIDS_TRIED).map((pid) => `/proc/${pid}/ns/net`)] };
}

export async function gatherTables(
  reader: TableReader,
  netfilter: NetfilterReader,
  note: DropNote,
  namespace: NamespaceFacts,
): Promise<Evidence> {
  const place = placeOf(namespace);
  const { links } = namespace;
  const read: { readonly [Name in Table]: () => Promise<Evidence> } = {
    netfilter: () => netfilter.explain(note, place, links),
    route: () => readRoute(reader, place, note),
    forwarding: () => readForwarding(reader, place, note),
    'source-check': () => readSourceCheck(reader, place, note),
    neighbour: () => readNeighbour(reader, place, note),
    tc: () => readTrafficControl(reader, place, note),
    xdp: () => readXdp(reader, place, note),
    'own-port': () => readOwnPort(reader, place, note),
    'bridge-port': () => readBridgePort(reader, place, note, links),
  };
  let facts: Evidence = {};
  for (const table of planTables(note)) facts = { ...facts, ...(await read[table]()) };
  const leaves = links.find(({ name }) => name === facts['route.device']);
  return leaves === undefined ? facts : { ...facts, 'route.device.mtu': leaves.mtu };
}

/** How the interface stood when the packet died there; a reader may learn of the drop when it is up again. */
export function linkFacts(
  note: DropNote,
  { links }: NamespaceFacts,
  findNamespace: (inum: number) => NamespaceFacts | undefined,
): Evidence {
  const link = links.find(({ ifindex }) => ifindex === note.ifindex);
  if (link === undefined) return {};
  const peer = link.kind === 'veth' ? peerOf(link, findNamespace(link.peerNetnsInum)) : undefined;
  return factsOf({
    'link.device': link.name,
    'link.up': link.up,
    'link.state': link.operstate,
    'link.mtu': link.mtu,
    'link.peer.up': peer?.up,
    ...(link.portState === '' ? {} : { 'port.device': link.name, 'port.state': link.portState }),
  });
}

const peerOf = ({ peerIfindex }: LinkFacts, namespace: NamespaceFacts | undefined) =>
  namespace?.links.find(({ ifindex }) => ifindex === peerIfindex);

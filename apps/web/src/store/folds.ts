// Which namespaces are folded on which machine, kept in the browser. A namespace's id may come again after a boot, for another one: it counts
// with the name that it had.
import type { NetnsId, Topology } from '@hopscope/protocol';

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** Of one machine: the most that are kept. */
const MOST = 1000;

const keyOf = (host: string): string => `hopscope.folded.${host}`;

const nameOf = (topology: Topology, id: string): string | undefined =>
  topology.namespaces.find((namespace) => namespace.id === id)?.names[0]?.text;

/** Those that are there and have the name they had. */
export function readFolds(storage: Store, host: string, topology: Topology): NetnsId[] {
  try {
    const entries: unknown = JSON.parse(storage.getItem(keyOf(host)) ?? '[]');
    if (!Array.isArray(entries)) return [];
    const names = new Map(entries.filter(isEntry));
    return topology.namespaces.filter(({ id }) => names.get(id) === (nameOf(topology, id) ?? '')).map(({ id }) => id);
  } catch {
    return [];
  }
}

export function keepFolds(storage: Store, host: string, topology: Topology, folded: readonly NetnsId[]): void {
  const entries = folded.slice(0, MOST).map((id) => [id, nameOf(topology, id) ?? '']);
  // A browser may refuse to keep anything: then it lasts as long as the page.
  try {
    if (entries.length === 0) storage.removeItem(keyOf(host));
    else storage.setItem(keyOf(host), JSON.stringify(entries));
  } catch {}
}

const isEntry = (entry: unknown): entry is [string, string] =>
  Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'string';

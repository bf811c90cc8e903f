// The map as a page has it: a snapshot of the topology and the patches after it, applied as they come.
import { applyChanges } from '@hopscope/model';
import type { Link, Namespace, Topology } from '@hopscope/protocol';
import { openPage } from './hopscope.ts';
import type { PlainLink } from './ip-oracle.ts';

export interface WatchedMap {
  readonly topology: Topology;
  /** How many patches have been applied. */
  readonly patches: number;
  /** Resolves with the time (performance.now()) of the patch, the newest one or a later one, with which it is so; null after `timeoutMs`. */
  until(isSo: (topology: Topology) => boolean, timeoutMs: number): Promise<number | null>;
  close(): void;
}

/** Opens a page and resolves when it has the first topology. */
export async function watchMap(port: number): Promise<WatchedMap> {
  const page = await openPage(port, { keep: false });
  let topology: Topology | undefined;
  let version = 0;
  let patches = 0;
  let applied = 0;
  let changedAt = performance.now();
  const waiting = new Set<() => void>();

  function apply(): void {
    for (; applied < page.frames.length; applied++) {
      const frame = page.frames[applied];
      if (frame?.type === 'topology') {
        topology = frame.topology;
        version = frame.version;
      } else if (frame?.type === 'topology-patch' && topology !== undefined) {
        if (frame.version !== version + 1) throw new Error(`patch ${frame.version} after version ${version}`);
        topology = applyChanges(topology, frame.changes);
        version = frame.version;
        patches += 1;
      } else continue;
      changedAt = performance.now();
      for (const check of [...waiting]) check();
    }
  }

  function until(isSo: (topology: Topology) => boolean, timeoutMs: number): Promise<number | null> {
    return new Promise((resolve) => {
      const end = (at: number | null) => {
        waiting.delete(check);
        clearTimeout(timer);
        resolve(at);
      };
      const check = () => {
        if (topology !== undefined && isSo(topology)) end(changedAt);
      };
      const timer = setTimeout(() => end(null), timeoutMs);
      waiting.add(check);
      check();
    });
  }

  page.socket.on('message', apply);
  apply();
  if ((await until(() => true, 10_000)) === null) throw new Error('no topology came');
  return {
    get topology() {
      return topology as Topology;
    },
    get patches() {
      return patches;
    },
    until,
    close: () => page.socket.terminate(),
  };
}

/** As `ip` says it of a namespace: readPlainLinks. */
export function plainLinksOf({ links }: Namespace): PlainLink[] {
  return links.map(({ ifindex, name, kind, mac, mtu, up, master, addresses }) => {
    return { ifindex, name, kind, mac, mtu, up, master, addresses };
  });
}

/** As `ip` says it of a namespace: readWithIp. */
export function factsOf(topology: Topology, inum: number) {
  const namespace = topology.namespaces.find((each) => each.inum === inum);
  if (namespace === undefined) return undefined;
  const inumOf = (link: Link) => topology.namespaces.find(({ id }) => id === link.peer?.netns)?.inum ?? 0;
  return {
    links: namespace.links.map(({ peer, ...link }) => {
      return { ...link, peerIfindex: peer?.ifindex ?? 0, peerNetnsInum: inumOf({ peer, ...link }) };
    }),
    defaultRoutes: namespace.defaultRoutes,
  };
}

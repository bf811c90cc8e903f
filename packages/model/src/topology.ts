// Inventory facts and names → the topology that is drawn, and what changed between two of them.

import {
  type Link,
  type Namespace,
  type NamespaceName,
  type NetnsId,
  netnsId,
  type Topology,
  type TopologyChange,
} from '@hopscope/protocol';
import type { LinkFacts, NamespaceFacts } from './namespace-facts.ts';

export interface TopologyOptions {
  /** The namespace drawn as the host, for a lab's. Default: the capture process's own. */
  readonly hostInum?: number;
}

/**
 * @param names by inum, best first: container engines, the lab, processes. Names from `ip netns` and the inum are added here.
 * @returns namespaces in order (host, then inum), links in order of ifindex: the same input in any order gives the same output
 */
export function buildTopology(
  facts: readonly NamespaceFacts[],
  names: ReadonlyMap<number, readonly NamespaceName[]>,
  options: TopologyOptions = {},
): Topology {
  const idByInum = new Map(facts.map((one) => [one.inum, netnsId(one.cookie, one.inum)]));
  const namespaces = facts.map(
    (one): Namespace => ({
      id: netnsId(one.cookie, one.inum),
      inum: one.inum,
      cookie: one.cookie,
      host: options.hostInum === undefined ? one.own : one.inum === options.hostInum,
      names: allNames(one, names.get(one.inum) ?? []),
      links: one.links.map((link) => buildLink(link, idByInum)).sort((a, b) => a.ifindex - b.ifindex),
      defaultRoutes: one.defaultRoutes.map(({ family, gateway, ifindex, metric }) => ({
        family,
        gateway,
        ifindex,
        metric,
      })),
    }),
  );
  return { namespaces: namespaces.sort(byHostThenInum) };
}

function byHostThenInum(a: Namespace, b: Namespace): number {
  if (a.host !== b.host) return a.host ? -1 : 1;
  return a.inum - b.inum || (a.id < b.id ? -1 : Number(a.id > b.id));
}

const name = (text: string, source: NamespaceName['source']): NamespaceName => ({
  text,
  source,
  image: '',
  project: '',
});

function allNames(facts: NamespaceFacts, given: readonly NamespaceName[]): NamespaceName[] {
  const all = [...given];
  // A container that shares the host's namespace must not become the host's title.
  if (facts.own) {
    const own = all.findIndex((one) => one.source === 'own');
    all.unshift(...(own < 0 ? [name('host', 'own')] : all.splice(own, 1)));
  }
  const ipNetns = facts.paths
    .map((path) => /^(?:\/var)?\/run\/netns\/([^/]+)$/.exec(path)?.[1])
    .filter((text) => text !== undefined)
    .sort();
  // A process's name says less than the one somebody gave with `ip netns add`.
  const process = all.findIndex((one) => one.source === 'process');
  const fresh = ipNetns.filter((text) => !all.some((one) => one.text === text && one.source === 'netns'));
  all.splice(process < 0 ? all.length : process, 0, ...fresh.map((text) => name(text, 'netns')));
  return all.length > 0 ? all : [name(String(facts.inum), 'inum')];
}

function buildLink(facts: LinkFacts, idByInum: ReadonlyMap<number, NetnsId>): Link {
  const { peerIfindex, peerNetnsInum, addresses, ...same } = facts;
  return {
    ifindex: same.ifindex,
    name: same.name,
    kind: same.kind,
    type: same.type,
    mac: same.mac,
    mtu: same.mtu,
    up: same.up,
    operstate: same.operstate,
    master: same.master,
    portState: same.portState,
    peer: peerIfindex === 0 ? null : { netns: idByInum.get(peerNetnsInum) ?? null, ifindex: peerIfindex },
    addresses: addresses.map(({ family, address, prefix, scope }) => ({ family, address, prefix, scope })),
    vlanId: same.vlanId,
    vxlanId: same.vxlanId,
    vxlanRemote: same.vxlanRemote,
  };
}

/** What turns `before` into `after`; empty when they are equal. Removals first, then changed and new ones in order. */
export function diffTopology(before: Topology, after: Topology): TopologyChange[] {
  const old = new Map(before.namespaces.map((namespace) => [namespace.id, namespace]));
  const kept = new Set(after.namespaces.map((namespace) => namespace.id));
  const removed = before.namespaces
    .filter((namespace) => !kept.has(namespace.id))
    .map((namespace): TopologyChange => ({ op: 'remove', id: namespace.id }));
  const put = after.namespaces
    .filter((namespace) => !isSame(old.get(namespace.id), namespace))
    .map((namespace): TopologyChange => ({ op: 'put', namespace }));
  return [...removed, ...put];
}

/** A new topology; unchanged namespaces are the same objects as before. */
export function applyChanges(topology: Topology, changes: readonly TopologyChange[]): Topology {
  const byId = new Map(topology.namespaces.map((namespace) => [namespace.id, namespace]));
  for (const change of changes) {
    if (change.op === 'put') byId.set(change.namespace.id, change.namespace);
    else byId.delete(change.id);
  }
  return { namespaces: [...byId.values()].sort(byHostThenInum) };
}

/** Deep equality of JSON values. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && isSame(value, right.get(key)));
}

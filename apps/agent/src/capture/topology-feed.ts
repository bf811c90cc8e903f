// Raw inventory and names → the numbered topology that readers follow: one snapshot, then patches.
import { buildTopology, diffTopology } from '@hopscope/model';
import type { NamespaceFacts } from '@hopscope/native';
import type { NamespaceName, Topology, TopologyPatch, TopologySnapshot } from '@hopscope/protocol';
import { createThrottle } from '../lib/throttle.ts';
import type { KnownDevices } from './record-scan.ts';

/** Patches are at least this far apart: a burst of a hundred new links is a few patches, and each is still seen at once. */
const PATCH_EVERY_MS = 150;

/**
 * A process that has just made its namespace is often about to become another program (`unshare` → `sleep`, runc → the
 * container's own), which nothing announces: its name is read again so long after the namespace was first seen.
 */
const READ_NAMES_AGAIN_MS = [300, 2000, 10_000];

export interface TopologyFeed {
  /** The inventory's state, whole. */
  update(facts: readonly NamespaceFacts[]): void;
  /** Some name may have changed. */
  rename(): void;
  /** Sends the snapshot: of what is known so far, be it nothing. Patches follow from now on. */
  start(): void;
  /** Every device of the last update. */
  readonly devices: KnownDevices;
  /** Whether the last update had an interface of this name. @param inums in one of these namespaces; null = in any */
  hasInterface(name: string, inums: readonly number[] | null): boolean;
  close(): void;
}

export interface TopologyFeedOptions {
  readonly namesOf: (namespace: NamespaceFacts) => NamespaceName[];
  /** The namespace that plays the machine itself; null = the one we run in. */
  readonly hostInum: number | null;
  readonly send: (frame: TopologySnapshot | TopologyPatch) => void;
}

export function createTopologyFeed({ namesOf, hostInum, send }: TopologyFeedOptions): TopologyFeed {
  let facts: readonly NamespaceFacts[] = [];
  let devices: KnownDevices = new Map();
  let sent: Topology | null = null;
  let version = 0;
  let inums = new Set<number>();
  const timers = new Set<NodeJS.Timeout>();

  const patches = createThrottle(PATCH_EVERY_MS, () => {
    if (sent === null) return;
    const topology = build();
    const changes = diffTopology(sent, topology);
    sent = topology;
    if (changes.length > 0) send({ type: 'topology-patch', version: ++version, changes });
  });

  function build(): Topology {
    const names = new Map(facts.map((each) => [each.inum, namesOf(each)]));
    return buildTopology(facts, names, hostInum === null ? {} : { hostInum });
  }

  function readNamesAgain(): void {
    for (const ms of READ_NAMES_AGAIN_MS) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        patches.ask();
      }, ms);
      timers.add(timer);
    }
  }

  return {
    update(next) {
      facts = next;
      devices = new Map(next.map(({ inum, links }) => [inum, new Set(links.map(({ ifindex }) => ifindex))]));
      if (next.some(({ inum }) => !inums.has(inum))) readNamesAgain();
      inums = new Set(next.map(({ inum }) => inum));
      if (sent !== null) patches.ask();
    },
    rename() {
      if (sent !== null) patches.ask();
    },
    start() {
      sent = build();
      send({ type: 'topology', version: ++version, topology: sent });
    },
    get devices() {
      return devices;
    },
    hasInterface: (name, inums) =>
      facts.some(({ inum, links }) => inums?.includes(inum) !== false && links.some((link) => link.name === name)),
    close() {
      patches.cancel();
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

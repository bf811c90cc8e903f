// The inventory of namespaces and devices, kept running; without it hops still flow and the reason is said.
import type { Inventory, NamespaceFacts } from '@hopscope/native';
import type { ServerFrame } from '@hopscope/protocol';
import { messageOf } from '../lib/failure.ts';
import type { NativeAddon } from '../lib/native.ts';
import { createThrottle } from '../lib/throttle.ts';
import { within } from '../lib/within.ts';
import type { Machine } from './machine.ts';
import type { KnownDevices } from './record-scan.ts';
import { createTopologyFeed, type TopologyFeed } from './topology-feed.ts';

/** A device that the inventory cannot find is looked for at most this often. */
const DISCOVER_EVERY_MS = 100;

/** How long the first topology, and the names of its containers, may keep the first hops waiting. */
const FIRST_SNAPSHOT_WITHIN_MS = 1000;
const FIRST_NAMES_WITHIN_MS = 150;

export interface LiveInventory {
  /** Sends the snapshot as soon as the first look is done; patches follow by themselves. */
  start(): Promise<void>;
  readonly devices: KnownDevices;
  hasInterface: TopologyFeed['hasInterface'];
  /** A hop came from a device that is not in `devices`. */
  discover(): void;
  close(): void;
}

export interface LiveInventoryOptions {
  readonly native: NativeAddon;
  readonly machine: Machine;
  readonly send: (frame: ServerFrame) => void;
  readonly warn: (text: string) => void;
  /** Told of every snapshot, of the namespaces that are watched. */
  readonly onNamespaces?: (namespaces: readonly NamespaceFacts[]) => void;
}

export function openLiveInventory({ native, machine, send, warn, onNamespaces }: LiveInventoryOptions): LiveInventory {
  let firstSnapshot = () => {};
  const first = new Promise<void>((resolve) => {
    firstSnapshot = resolve;
  });
  const feed = createTopologyFeed({ namesOf: machine.names, hostInum: machine.hostInum, send });
  machine.onNames(feed.rename);

  function onSnapshot(namespaces: NamespaceFacts[]): void {
    const { netns } = machine;
    const watched = netns === null ? namespaces : namespaces.filter(({ inum }) => netns.includes(inum));
    feed.update(watched);
    onNamespaces?.(watched);
    firstSnapshot();
  }

  let inventory: Inventory | null = null;
  try {
    inventory = native.openInventory({ onSnapshot, onWarning: warn });
  } catch (error) {
    warn(`namespaces and interfaces are not listed: ${messageOf(error)}`);
    firstSnapshot();
  }
  const discovery = createThrottle(DISCOVER_EVERY_MS, () => inventory?.discover());

  return {
    async start() {
      await within(FIRST_SNAPSHOT_WITHIN_MS, first);
      await machine.namesSettled(FIRST_NAMES_WITHIN_MS);
      feed.start();
    },
    get devices() {
      return feed.devices;
    },
    hasInterface: feed.hasInterface,
    discover: () => discovery.ask(),
    close() {
      discovery.cancel();
      feed.close();
      inventory?.close();
    },
  };
}

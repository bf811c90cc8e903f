// The traffic that the page shows: what comes now, or that of a moment which is played again; limited to a range of time if one is selected.
import { createPathStatistics, type Exchange, type PathStatistics } from '@hopscope/model';
import type { Traffic } from './traffic.ts';
import type { World } from './world.ts';

/** Wall-clock time. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What is read of the traffic; what is put in goes to the world itself. */
export type TrafficView = Pick<
  Traffic,
  | 'exchange'
  | 'ids'
  | 'wallMs'
  | 'account'
  | 'evidence'
  | 'losses'
  | 'paths'
  | 'hasData'
  | 'durationsNs'
  | 'version'
  | 'devices'
  | 'showPathsOf'
  | 'devices'
  | 'showPathsOf'
> & {
  /** Drops among what is shown. */
  readonly dropped: number;
};

export interface Shown extends TrafficView {
  readonly world: World;
  show(world: World): void;
  limitTo(range: TimeRange | null): void;
  /** The same exchange, which may have another id in another world; null where it is not (yet). */
  find(wanted: Exchange): Exchange | null;
}

/** Versions of one world stay far below. */
const VERSIONS = 2 ** 40;

export function createShown(first: World): Shown {
  let world = first;
  let range: TimeRange | null = null;
  /** What the statistics count; null: everything. */
  let passes: ((exchange: Exchange) => boolean) | null = null;
  let changes = 0;
  let within: { readonly of: readonly number[]; readonly ids: readonly number[] } | null = null;
  let paths: { readonly statistics: PathStatistics; readonly counted: Set<number> } | null = null;

  function forget(): void {
    changes++;
    within = null;
    paths = null;
  }

  /** First of the ids, which are in order of start, that began at that time or later. */
  function firstFrom(ids: readonly number[], t: number): number {
    let [low, high] = [0, ids.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((world.traffic.exchange(ids[middle] as number)?.startNs ?? t) < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function ids(): readonly number[] {
    const all = world.traffic.ids();
    if (range === null) return all;
    if (within?.of !== all) {
      const { timeOf } = world.traffic;
      within = { of: all, ids: all.slice(firstFrom(all, timeOf(range.fromMs)), firstFrom(all, timeOf(range.toMs))) };
    }
    return within.ids;
  }

  /** Of the range alone: each exchange once, when it has a verdict. */
  function pathsWithin(): PathStatistics {
    paths ??= { statistics: createPathStatistics(), counted: new Set() };
    for (const id of ids()) {
      const exchange = paths.counted.has(id) ? undefined : world.traffic.exchange(id);
      if (exchange === undefined || exchange.verdict === 'in-flight') continue;
      paths.counted.add(id);
      if (passes === null || passes(exchange)) paths.statistics.add(exchange);
    }
    return paths.statistics;
  }

  function find(wanted: Exchange): Exchange | null {
    const all = world.traffic.ids();
    for (let i = firstFrom(all, wanted.startNs); i < all.length; i++) {
      const found = world.traffic.exchange(all[i] as number);
      if (found === undefined || found.startNs > wanted.startNs) break;
      if (found.src === wanted.src && found.dst === wanted.dst && found.icmpSeq === wanted.icmpSeq) return found;
    }
    return null;
  }

  return {
    find,
    get world() {
      return world;
    },
    show(next) {
      world = next;
      world.traffic.showPathsOf(passes);
      forget();
    },
    showPathsOf(next) {
      passes = next;
      paths = null;
      world.traffic.showPathsOf(next);
    },
    limitTo(next) {
      range = next;
      forget();
    },
    exchange: (id) => world.traffic.exchange(id),
    ids,
    wallMs: (t) => world.traffic.wallMs(t),
    get account() {
      return world.traffic.account;
    },
    get evidence() {
      return world.traffic.evidence;
    },
    get losses() {
      return world.traffic.losses;
    },
    get paths() {
      return range === null ? world.traffic.paths : pathsWithin();
    },
    get devices() {
      return world.traffic.devices;
    },
    get hasData() {
      return world.traffic.hasData;
    },
    get durationsNs() {
      return world.traffic.durationsNs;
    },
    get version() {
      return changes * VERSIONS + world.traffic.version;
    },
    get dropped() {
      const { fromMs = 0, toMs = Number.POSITIVE_INFINITY } = range ?? {};
      return world.traffic.rates.read(fromMs, toMs, Number.MAX_SAFE_INTEGER)[0]?.dropped ?? 0;
    },
  };
}

// Where a person put namespaces on the map. Kept in the browser, by the machine's name and the namespaces' names, which outlive a boot.
import type { Point } from '../lib/geometry.ts';

export interface Places {
  /** Of the machine of that name from now on. */
  open(host: string): void;
  /** By name of the namespace: the corner of its box, in graph space. */
  readonly all: ReadonlyMap<string, Point>;
  put(name: string, corner: Point): void;
  clear(): void;
}

/** Boxes remembered of one machine. */
const MOST = 200;

export function createPlaces(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): Places {
  let key = '';
  let all = new Map<string, Point>();

  function save(): void {
    // A browser may refuse to keep anything: then places last as long as the page.
    try {
      if (all.size === 0) storage.removeItem(key);
      else storage.setItem(key, JSON.stringify([...all]));
    } catch {}
  }

  return {
    get all() {
      return all;
    },
    open(host) {
      const next = `hopscope.places.${host}`;
      if (next === key) return;
      key = next;
      all = read(storage, key);
    },
    put(name, corner) {
      all.delete(name);
      all.set(name, corner);
      const [oldest] = all.keys();
      if (all.size > MOST && oldest !== undefined) all.delete(oldest);
      save();
    },
    clear() {
      all = new Map();
      save();
    },
  };
}

function read(storage: Pick<Storage, 'getItem'>, key: string): Map<string, Point> {
  try {
    const entries: unknown = JSON.parse(storage.getItem(key) ?? '[]');
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : []);
  } catch {
    return new Map();
  }
}

function isEntry(entry: unknown): entry is [string, Point] {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return false;
  const corner: unknown = entry[1];
  return (
    typeof corner === 'object' &&
    corner !== null &&
    'x' in corner &&
    'y' in corner &&
    Number.isFinite(corner.x) &&
    Number.isFinite(corner.y)
  );
}

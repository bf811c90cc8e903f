// Where everything had its place at each version of a topology: who looks back finds it where it was.
import type { Memory } from './placement.ts';

export interface MapMemory {
  /** @param isNow what is drawn follows on what was drawn last */
  before(version: number, isNow: boolean): Memory | null;
  keep(version: number, memory: Memory | null): void;
  clear(): void;
}

const VERSIONS_KEPT = 500;

export function createMapMemory(): MapMemory {
  const versions = new Map<number, Memory>();
  let latest: Memory | null = null;
  return {
    before: (version, isNow) => (isNow ? latest : (versions.get(version) ?? latest)),
    keep(version, memory) {
      latest = memory;
      if (memory === null) return;
      versions.set(version, memory);
      const [oldest] = versions.keys();
      if (versions.size > VERSIONS_KEPT && oldest !== undefined) versions.delete(oldest);
    },
    clear() {
      versions.clear();
      latest = null;
    },
  };
}

// An inventory that a test can wait on.
import { type NamespaceFacts, openInventory } from '@hopscope/native';

/** Far above the 200 ms that the inventory may take; what needs longer does not come. */
const PATIENCE_MS = 10_000;

export interface WatchedInventory {
  /** The newest snapshot. */
  readonly namespaces: readonly NamespaceFacts[];
  readonly warnings: readonly string[];
  /** Resolves with the time (performance.now()) of the first snapshot, from the newest on, that satisfies. */
  until(what: string, satisfies: (namespaces: readonly NamespaceFacts[]) => boolean): Promise<number>;
  discover(): void;
  close(): void;
}

export async function watchInventory(): Promise<WatchedInventory> {
  let newest: readonly NamespaceFacts[] = [];
  let newestAt = 0;
  const warnings: string[] = [];
  const waiting = new Set<() => void>();
  const inventory = openInventory({
    onSnapshot(namespaces) {
      newest = namespaces;
      newestAt = performance.now();
      for (const check of waiting) check();
    },
    onWarning: (message) => warnings.push(message),
  });

  const until: WatchedInventory['until'] = (what, satisfies) =>
    new Promise((resolve, reject) => {
      const end = () => {
        waiting.delete(check);
        clearTimeout(timer);
      };
      const check = () => {
        if (!satisfies(newest)) return;
        end();
        resolve(newestAt);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`not seen in ${PATIENCE_MS / 1000} s: ${what}`));
      }, PATIENCE_MS);
      waiting.add(check);
      check();
    });
  await until('the first snapshot', (namespaces) => namespaces.length > 0);

  return {
    get namespaces() {
      return newest;
    },
    warnings,
    until,
    discover: () => inventory.discover(),
    close: () => inventory.close(),
  };
}

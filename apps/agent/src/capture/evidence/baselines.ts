// Reads every namespace's rule counters once, in the background, one after the other: the drops to come are compared with them.
import type { NamespaceFacts } from '@hopscope/model';

/** Leaves the processor to the traffic: 100 namespaces take some seconds. */
const PAUSE_MS = 30;
const FIRST_AFTER_MS = 200;
const NAMESPACES_MAX = 256;

export interface Baselines {
  update(namespaces: readonly NamespaceFacts[]): void;
  close(): void;
}

export function createBaselines(read: (namespace: NamespaceFacts) => Promise<void>): Baselines {
  const done = new Set<number>();
  let waiting: NamespaceFacts[] = [];
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function plan(ms: number): void {
    timer = setTimeout(() => {
      const next = waiting.shift();
      if (next === undefined) {
        timer = undefined;
        return;
      }
      done.add(next.inum);
      void read(next)
        .catch(() => undefined)
        .finally(() => {
          if (!closed) plan(PAUSE_MS);
        });
    }, ms);
    timer.unref();
  }

  return {
    update(namespaces) {
      const inums = new Set(namespaces.map(({ inum }) => inum));
      for (const inum of done) if (!inums.has(inum)) done.delete(inum);
      waiting = namespaces.filter(({ inum }) => !done.has(inum)).slice(0, NAMESPACES_MAX - done.size);
      if (waiting.length > 0 && timer === undefined && !closed) plan(FIRST_AFTER_MS);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

// What is watched: the machine itself, or a practice host in namespaces of its own.
import { hostname } from 'node:os';
import { performance } from 'node:perf_hooks';
import type { NamespaceFacts } from '@hopscope/native';
import type { NamespaceName } from '@hopscope/protocol';
import { createNameResolver } from './names/resolver.ts';

export interface Machine {
  readonly lab: boolean;
  /** Only these namespaces are watched; null = all. */
  readonly netns: readonly number[] | null;
  /** For the person who started us, a sentence each. */
  readonly notes: readonly string[];
  /** The namespace that plays the machine itself; null = the one we run in. */
  readonly hostInum: number | null;
  /** Best first; never waits. */
  names(namespace: NamespaceFacts): NamespaceName[];
  /** Some name may have changed. */
  onNames(listener: () => void): void;
  /** Resolves when the names that are being looked up are there, or after `ms`. */
  namesSettled(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** Everything on this machine. @param env says where Docker is */
export async function openMachine(env: NodeJS.ProcessEnv): Promise<Machine> {
  let listener = () => {};
  const resolver = createNameResolver({ env, now: () => performance.now(), onChange: () => listener() });
  return {
    lab: false,
    netns: null,
    notes: [],
    hostInum: null,
    names: (namespace) => [
      ...(namespace.own ? [{ text: hostname(), source: 'own' as const, image: '', project: '' }] : []),
      ...resolver.names(namespace),
    ],
    onNames(next) {
      listener = next;
    },
    namesSettled: (ms) => resolver.settled(ms),
    stop: async () => resolver.close(),
  };
}

// What to call a network namespace, and who says so: its containers, and the process that owns it. (buildTopology puts what
// `ip netns` calls it in between.)
//
// Nothing here waits for anybody: `names` answers from what is known; what is not known is looked up in the background and
// `onChange` follows.
import { labNameOf } from '@hopscope/lab';
import type { NamespaceFacts } from '@hopscope/native';
import type { NamespaceName } from '@hopscope/protocol';
import { within } from '../../lib/within.ts';
import type { ContainerRef } from './cgroup.ts';
import { createEngineNames, type EngineNames } from './engine-names.ts';
import { findEngines } from './engines.ts';
import { isRoots, readComm, readContainer } from './process.ts';
import { readRuntimeName } from './runtime-files.ts';

/** Processes looked at per namespace: a pod has a few containers, the lowest pids are the oldest. */
const PIDS_PER_NAMESPACE = 4;
/** At most this often engines and files are asked again about a container that nobody could name. */
const LOOK_AGAIN_AFTER_MS = 1000;
/** No honest name is longer; one of megabytes must not fill every page. */
const NAME_MAX_CHARS = 256;
/** Containers come and go for as long as we run; beyond this many remembered answers we start afresh. */
const FILES_MAX = 4096;

export interface NameResolver {
  /** Best first; empty when nothing is known. */
  names(namespace: NamespaceFacts): NamespaceName[];
  /** Resolves when the look-ups now under way have ended, or after `ms`. */
  settled(ms: number): Promise<void>;
  close(): void;
}

export interface NameResolverOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Some answer of `names` may be different now. */
  readonly onChange: () => void;
  /** @returns ms, monotonic */
  readonly now: () => number;
}

interface FileEntry {
  readonly name: NamespaceName | null;
  readonly atMs: number;
}

export function createNameResolver({ env, onChange, now }: NameResolverOptions): NameResolver {
  const engines = new Map<string, EngineNames>();
  const files = new Map<string, FileEntry | 'asked'>();
  const underWay = new Set<Promise<void>>();
  let dataRoots: readonly string[] = [];
  let lookedForEnginesMs = Number.NEGATIVE_INFINITY;

  function track(work: Promise<void>): void {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  }

  /** An engine may have been started, or have become reachable, since we last looked. */
  function connectEngines(): void {
    if (now() - lookedForEnginesMs < LOOK_AGAIN_AFTER_MS) return;
    lookedForEnginesMs = now();
    const places = findEngines(env);
    dataRoots = places.dataRoots;
    for (const { socketPath, source } of places.sockets) {
      if (!engines.has(socketPath)) engines.set(socketPath, createEngineNames({ socketPath, source, onChange }));
    }
    for (const engine of engines.values()) track(engine.connect());
  }

  function lookUpFiles(ref: ContainerRef): NamespaceName | null {
    const entry = files.get(ref.id);
    if (entry === 'asked') return null;
    if (entry !== undefined && (entry.name !== null || now() - entry.atMs < LOOK_AGAIN_AFTER_MS)) return entry.name;
    if (files.size >= FILES_MAX) files.clear();
    files.set(ref.id, 'asked');
    const engineRoots = [...engines.values()].map((engine) => engine.dataRoot).filter((root) => root !== '');
    track(
      readRuntimeName(ref, [...new Set([...engineRoots, ...dataRoots])]).then((name) => {
        files.set(ref.id, { name, atMs: now() });
        if (name !== null) onChange();
      }),
    );
    return null;
  }

  function containerNames(namespace: NamespaceFacts): NamespaceName[] {
    const found = new Map<string, NamespaceName>();
    const add = (name: NamespaceName) => void found.set(`${name.source}/${name.text}`, cutName(name));
    for (const engine of engines.values()) engine.ofNamespace(namespace.inum).forEach(add);
    for (const pid of namespace.pids.slice(0, PIDS_PER_NAMESPACE)) {
      const ref = readContainer(pid);
      if (ref === null) continue;
      const said = [...engines.values()].map((engine) => engine.ofContainer(ref.id)).find((name) => name !== null);
      if (said === undefined) connectEngines();
      const name = said ?? lookUpFiles(ref);
      if (name !== null) add(name);
      // Better than the name of whatever runs in it, which for a moment is the runtime itself.
      else if (ref.runtime !== null) add({ text: ref.id.slice(0, 12), source: ref.runtime, image: '', project: '' });
    }
    return [...found.values()];
  }

  connectEngines();
  return {
    names(namespace) {
      // Containers on the host's own network do not give it its name.
      const containers = namespace.own ? [] : containerNames(namespace);
      return [...containers, ...labNames(namespace), ...processNames(namespace)];
    },
    async settled(ms) {
      await within(ms, Promise.allSettled(underWay));
    },
    close() {
      for (const engine of engines.values()) engine.close();
    },
  };
}

function cutName({ text, source, image, project }: NamespaceName): NamespaceName {
  const cut = (each: string) => each.slice(0, NAME_MAX_CHARS);
  return { text: cut(text), source, image: cut(image), project: cut(project) };
}

/** A practice host beside us. Only root can have made one; anybody else may carry its mark. */
function labNames({ own, pids }: NamespaceFacts): NamespaceName[] {
  if (own) return [];
  const names = pids.slice(0, PIDS_PER_NAMESPACE).map((pid) => (isRoots(pid) ? labNameOf(pid) : null));
  const text = names.find((name) => name !== null);
  return text == null ? [] : [cutName({ text, source: 'lab', image: '', project: '' })];
}

function processNames({ own, pids }: NamespaceFacts): NamespaceName[] {
  const [lowest] = pids;
  const text = own || lowest === undefined ? '' : readComm(lowest);
  return text === '' ? [] : [{ text, source: 'process', image: '', project: '' }];
}

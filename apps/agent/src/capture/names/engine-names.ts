// Names of the containers of one engine (Docker, or Podman's Docker-compatible service), kept true by its own events.
import type { NamespaceName } from '@hopscope/protocol';
import { type ContainerDetails, createEngineApi } from './engine-api.ts';
import { readNetnsInum } from './process.ts';

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

export interface EngineNames {
  /** Names of the containers in this namespace, the one that made it first. */
  ofNamespace(inum: number): NamespaceName[];
  ofContainer(id: string): NamespaceName | null;
  /** Something new is there: try the engine now unless it is connected or being tried. Resolves when that is settled. */
  connect(): Promise<void>;
  /** Docker's data-root as it says itself; '' until connected. */
  readonly dataRoot: string;
  close(): void;
}

export interface EngineOptions {
  readonly socketPath: string;
  readonly source: 'docker' | 'podman';
  readonly onChange: () => void;
}

interface Container {
  readonly name: NamespaceName;
  readonly inum: number | null;
  /** It has a sandbox of its own, not that of another container. */
  readonly owner: boolean;
}

export function createEngineNames({ socketPath, source, onChange }: EngineOptions): EngineNames {
  const api = createEngineApi(socketPath);
  const containers = new Map<string, Container>();
  let dataRoot = '';
  let stopWatching: (() => void) | null = null;
  let connecting: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;
  let retryMs = FIRST_RETRY_MS;
  let closed = false;

  async function refresh(id: string): Promise<void> {
    const details = await api.inspect(id);
    if (closed) return;
    if (details?.State?.Running === true) containers.set(details.Id, describe(details, source));
    else containers.delete(id);
    onChange();
  }

  async function open(): Promise<void> {
    // Events first, the list second: what starts in between is then in one of the two.
    stopWatching = await api.watch({
      onContainer: (id) => void refresh(id).catch(() => undefined),
      onClose: () => {
        stopWatching = null;
        if (!closed) retryLater();
      },
    });
    if (closed) return stopWatching();
    retryMs = FIRST_RETRY_MS;
    const ids = await api.listRunning();
    for (const id of containers.keys()) if (!ids.includes(id)) containers.delete(id);
    await Promise.allSettled(ids.map(refresh));
    dataRoot = await api.dataRoot();
  }

  function connect(): Promise<void> {
    if (closed || stopWatching !== null) return connecting ?? Promise.resolve();
    clearTimeout(retry);
    connecting ??= open()
      .catch(() => stopWatching?.())
      .finally(() => {
        connecting = null;
      });
    return connecting;
  }

  // Only an engine that has answered once: one that was never there is tried again when a new container shows up.
  function retryLater(): void {
    retry = setTimeout(() => void connect(), retryMs).unref();
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }

  return {
    ofNamespace(inum) {
      const here = [...containers.values()].filter((container) => container.inum === inum);
      return [...here.filter(({ owner }) => owner), ...here.filter(({ owner }) => !owner)].map(({ name }) => name);
    },
    ofContainer: (id) => containers.get(id)?.name ?? null,
    connect,
    get dataRoot() {
      return dataRoot;
    },
    close() {
      closed = true;
      clearTimeout(retry);
      stopWatching?.();
    },
  };
}

function describe(details: ContainerDetails, source: EngineOptions['source']): Container {
  const key = details.NetworkSettings?.SandboxKey ?? '';
  const pid = details.State?.Pid ?? 0;
  const sandbox = key === '' ? null : readNetnsInum(key);
  return {
    name: {
      // Docker's names begin with a slash.
      text: (details.Name ?? '').replace(/^\//, '') || details.Id.slice(0, 12),
      source,
      image: details.Config?.Image ?? '',
      project: details.Config?.Labels?.['com.docker.compose.project'] ?? '',
    },
    // The sandbox file is not in our mount namespace when the engine is rootless or runs in a container.
    inum: sandbox ?? (pid > 0 ? readNetnsInum(`/proc/${pid}/ns/net`) : null),
    owner: sandbox !== null,
  };
}

// Which container a process belongs to, from its cgroup: every runtime puts the container's id there.

export type Runtime = 'docker' | 'podman' | 'containerd' | 'crio';

export interface ContainerRef {
  /** Null where the path has an id but does not say whose. */
  readonly runtime: Runtime | null;
  /** 64 hex digits. */
  readonly id: string;
}

/** What stands before the id in systemd's unit names, or is the folder's own name with cgroupfs. */
const RUNTIMES: Readonly<Record<string, Runtime>> = {
  docker: 'docker',
  libpod: 'podman',
  libpod_parent: 'podman',
  'cri-containerd': 'containerd',
  nerdctl: 'containerd',
  crio: 'crio',
};

/** @param text of /proc/PID/cgroup: `hierarchy:controllers:path` lines, one in v2, several in v1 */
export function containerOfCgroup(text: string): ContainerRef | null {
  for (const line of text.split('\n')) {
    const path = line.replace(/^[^:]*:[^:]*:/, '');
    const folders = path.split('/');
    // The innermost: a container may run containers.
    for (let i = folders.length - 1; i >= 0; i--) {
      const ref = readFolder(folders[i] ?? '', folders[i - 1] ?? '');
      if (ref !== null) return ref;
    }
  }
  return null;
}

/** `<id>`, `docker-<id>.scope`, `kubepods-….slice:cri-containerd:<id>` */
function readFolder(folder: string, parent: string): ContainerRef | null {
  const [unit = '', unitParent = parent] = folder.split(':').reverse();
  const match = /^(?:(.+)-)?([0-9a-f]{64})(?:\.scope)?$/.exec(unit);
  const id = match?.[2];
  if (id === undefined) return null;
  const owner = match?.[1] ?? unitParent;
  // conmon's scope is named after the container that it watches, but is not in it.
  return owner.endsWith('-conmon') ? null : { runtime: RUNTIMES[owner] ?? null, id };
}

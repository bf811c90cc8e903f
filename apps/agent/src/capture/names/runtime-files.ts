// Container names from the files that the runtimes keep for themselves: no engine needs to answer, or even run.
import { readFile } from 'node:fs/promises';
import type { NamespaceName } from '@hopscope/protocol';
import * as v from 'valibot';
import type { ContainerRef, Runtime } from './cgroup.ts';

/** A file system that hangs must not keep a name waiting for ever. */
const READ_WITHIN_MS = 2000;

const text = v.optional(v.nullable(v.string()), '');

const DockerConfig = v.object({
  Name: text,
  Config: v.optional(v.object({ Image: text, Labels: v.optional(v.nullable(v.record(v.string(), v.string())), {}) })),
});

/** containers/storage, which Podman and CRI-O keep: one list of all containers. */
const StorageList = v.array(v.object({ id: v.string(), names: v.optional(v.array(v.string()), []), metadata: text }));

const StorageMetadata = v.object({ name: text, 'image-name': text, 'pod-name': text });

const OciConfig = v.object({ annotations: v.optional(v.record(v.string(), v.string()), {}) });

/** Podman and CRI-O name the folder after the storage driver. */
const STORAGE_DRIVERS = ['overlay', 'vfs', 'btrfs', 'zfs'];

/**
 * @param dataRoots where Docker may keep its containers, most likely first
 * @param root stands before the other runtimes' paths
 */
export async function readRuntimeName(
  { runtime, id }: ContainerRef,
  dataRoots: readonly string[],
  root = '',
): Promise<NamespaceName | null> {
  const asked = (wanted: Runtime) => runtime === null || runtime === wanted;
  const lookups = [
    ...(asked('docker') ? dataRoots.map((dataRoot) => () => readDocker(dataRoot, id)) : []),
    ...(asked('podman') || asked('crio') ? [() => readStorage(root, runtime === 'crio' ? 'crio' : 'podman', id)] : []),
    ...(asked('containerd') ? [() => readContainerd(root, id)] : []),
  ];
  for (const lookup of lookups) {
    const name = await lookup();
    if (name !== null) return name;
  }
  return null;
}

async function readDocker(root: string, id: string): Promise<NamespaceName | null> {
  const config = await readJson(DockerConfig, `${root}/containers/${id}/config.v2.json`);
  if (config === null) return null;
  return {
    text: (config.Name ?? '').replace(/^\//, '') || id.slice(0, 12),
    source: 'docker',
    image: config.Config?.Image ?? '',
    project: config.Config?.Labels?.['com.docker.compose.project'] ?? '',
  };
}

async function readStorage(root: string, source: 'podman' | 'crio', id: string): Promise<NamespaceName | null> {
  for (const driver of STORAGE_DRIVERS) {
    const list = await readJson(StorageList, `${root}/var/lib/containers/storage/${driver}-containers/containers.json`);
    const entry = list?.find((each) => each.id === id);
    if (entry === undefined) continue;
    const parsed = v.safeParse(StorageMetadata, parseJson(entry.metadata ?? ''));
    const { name, 'pod-name': pod, 'image-name': image } = parsed.success ? parsed.output : {};
    // CRI-O's own names are made up of five parts; the pod is what owns the namespace.
    const text = (source === 'crio' && pod) || name || entry.names[0] || id.slice(0, 12);
    return { text, source, image: image ?? '', project: source === 'podman' ? (pod ?? '') : '' };
  }
  return null;
}

async function readContainerd(root: string, id: string): Promise<NamespaceName | null> {
  for (const namespace of ['k8s.io', 'default', 'moby']) {
    const path = `${root}/run/containerd/io.containerd.runtime.v2.task/${namespace}/${id}/config.json`;
    const config = await readJson(OciConfig, path);
    if (config === null) continue;
    const { annotations } = config;
    const pod = annotations['io.kubernetes.cri.sandbox-name'] ?? '';
    return {
      text: pod || annotations['nerdctl/name'] || annotations['io.kubernetes.cri.container-name'] || id.slice(0, 12),
      source: 'containerd',
      image: annotations['io.kubernetes.cri.image-name'] ?? '',
      project: annotations['io.kubernetes.cri.sandbox-namespace'] ?? '',
    };
  }
  return null;
}

async function readJson<Schema extends v.GenericSchema>(
  schema: Schema,
  path: string,
): Promise<v.InferOutput<Schema> | null> {
  try {
    const content = await readFile(path, { encoding: 'utf8', signal: AbortSignal.timeout(READ_WITHIN_MS) });
    const result = v.safeParse(schema, JSON.parse(content));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

function parseJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

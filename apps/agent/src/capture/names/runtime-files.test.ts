import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readRuntimeName } from './runtime-files.ts';

const ID = 'f00d'.repeat(16);
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hopscope-files-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: unknown): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}

const STORAGE = 'var/lib/containers/storage';
const TASKS = 'run/containerd/io.containerd.runtime.v2.task';

test('Docker, in the second of two data-roots, with a compose project', async () => {
  const Config = { Image: 'nginx:1', Labels: { 'com.docker.compose.project': 'shop' } };
  write(`data/containers/${ID}/config.v2.json`, { Name: '/web', Config, State: { Pid: 1 } });
  const roots = [join(root, 'none'), join(root, 'data')];
  const name = { text: 'web', source: 'docker', image: 'nginx:1', project: 'shop' };
  expect(await readRuntimeName({ runtime: 'docker', id: ID }, roots, root)).toEqual(name);
  // Where the cgroup does not say whose the id is, all are asked.
  expect(await readRuntimeName({ runtime: null, id: ID }, roots, root)).toEqual(name);
  expect(await readRuntimeName({ runtime: 'podman', id: ID }, roots, root)).toBeNull();
});

test('Podman, with a storage driver of its own', async () => {
  const metadata = JSON.stringify({ 'image-name': 'docker.io/library/alpine:3', name: 'db', 'created-at': 1 });
  write(`${STORAGE}/vfs-containers/containers.json`, [
    { id: 'other' },
    { id: ID, names: ['db'], layer: 'x', metadata },
  ]);
  expect(await readRuntimeName({ runtime: 'podman', id: ID }, [], root)).toEqual({
    text: 'db',
    source: 'podman',
    image: 'docker.io/library/alpine:3',
    project: '',
  });
});

test('CRI-O: the pod, not the five-part name', async () => {
  const metadata = JSON.stringify({
    'pod-name': 'web-7d4b',
    name: 'k8s_POD_web-7d4b_default_uid_0',
    'image-name': 'pause',
  });
  write(`${STORAGE}/overlay-containers/containers.json`, [{ id: ID, names: [], metadata }]);
  const name = await readRuntimeName({ runtime: 'crio', id: ID }, [], root);
  expect(name).toMatchObject({ text: 'web-7d4b', source: 'crio' });
});

test('containerd in Kubernetes: the pod and its namespace', async () => {
  write(`${TASKS}/k8s.io/${ID}/config.json`, {
    ociVersion: '1.1.0',
    annotations: {
      'io.kubernetes.cri.sandbox-name': 'web-7d4b',
      'io.kubernetes.cri.sandbox-namespace': 'shop',
      'io.kubernetes.cri.container-name': 'nginx',
      'io.kubernetes.cri.image-name': 'nginx:1',
    },
  });
  const name = await readRuntimeName({ runtime: 'containerd', id: ID }, [], root);
  expect(name).toEqual({ text: 'web-7d4b', source: 'containerd', image: 'nginx:1', project: 'shop' });
});

test.each([
  ['no file', null],
  ['no JSON', '{'],
  ['another shape', '"text"'],
  ['a name that is no text', '{"Name":{"toString":"x"}}'],
])('%s: no name, no error', async (_what, content) => {
  if (content !== null) write(`data/containers/${ID}/config.v2.json`, content);
  expect(await readRuntimeName({ runtime: 'docker', id: ID }, [join(root, 'data')], root)).toBeNull();
});

test('a container without a name is called by its id', async () => {
  write(`data/containers/${ID}/config.v2.json`, {});
  const name = await readRuntimeName({ runtime: 'docker', id: ID }, [join(root, 'data')], root);
  expect(name?.text).toBe(ID.slice(0, 12));
});

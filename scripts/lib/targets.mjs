// What is built, from what, into what. A folder among the inputs stands for every file in it.
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findCommand } from './debian-packages.mjs';
import { runLogged } from './run.mjs';
import { root } from './terminal.mjs';

/** Where Node's own headers lie, so that node-gyp downloads nothing. */
function nodeGypFlags() {
  const prefixes = [dirname(dirname(realpathSync(process.execPath))), '/usr'];
  const prefix = prefixes.find((each) => existsSync(join(each, 'include/node/node_api.h')));
  return prefix === undefined ? [] : [`--nodedir=${prefix}`];
}

const node = (name, args, folder) => runLogged(name, process.execPath, args, { cwd: join(root, folder) });

export const targets = [
  {
    name: 'bpf',
    title: 'the kernel programs',
    inputs: ['bpf'],
    ignore: ['bpf/build'],
    outputs: ['bpf/build'],
    build: () => runLogged('build-bpf', findCommand('make') ?? 'make', ['-C', 'bpf']),
  },
  {
    name: 'native',
    title: 'the native addon',
    inputs: ['native/src', 'native/binding.gyp', 'bpf/include', 'bpf/build'],
    ignore: [],
    outputs: ['native/build/Release/hopscope.node'],
    build: () =>
      node(
        'build-native',
        ['node_modules/node-gyp/bin/node-gyp.js', 'configure', 'build', '-j', '2', ...nodeGypFlags()],
        'native',
      ),
  },
  {
    name: 'agent',
    title: 'the agent',
    inputs: [
      'apps/agent/src',
      'apps/agent/build.mjs',
      'apps/agent/package.json',
      'apps/web/src',
      'packages',
      'pnpm-lock.yaml',
    ],
    ignore: ['packages/*/node_modules'],
    outputs: ['apps/agent/dist'],
    build: () => node('build-agent', ['build.mjs'], 'apps/agent'),
  },
  {
    name: 'web',
    title: 'the page',
    inputs: ['apps/web', 'packages/protocol', 'packages/model', 'pnpm-lock.yaml'],
    ignore: ['apps/web/dist', 'apps/web/node_modules', 'packages/*/node_modules'],
    outputs: ['apps/web/dist/index.html', 'apps/web/dist/incident/incident.js'],
    build: async () => {
      await node('build-web', ['node_modules/vite/bin/vite.js', 'build'], 'apps/web');
      await node(
        'build-incident',
        ['node_modules/vite/bin/vite.js', 'build', '-c', 'vite.incident.config.ts'],
        'apps/web',
      );
    },
  },
];

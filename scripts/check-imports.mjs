// The import law: which room may import which. Run alone or by `npm run check`.
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { root } from './lib/terminal.mjs';
import { listTree } from './lib/tree.mjs';

// Rooms by path, the most exact first. `ours` lists the rooms that may be imported; `node` says whether Node's own
// modules may; packages from outside are allowed anywhere they are declared, but for those in `onlyIn`.
const webOrder = ['wire', 'store', 'graph', 'layout', 'render', 'share', 'ui', 'headless'];
const webRoom = (name, index) => ({
  room: `apps/web/src/${name}`,
  ours: [
    'packages/model',
    'packages/protocol',
    'apps/web/src/lib',
    ...webOrder.slice(0, index).map((each) => `apps/web/src/${each}`),
  ],
  node: false,
});
const agentRoom = (name, others) => ({
  room: `apps/agent/src/${name}`,
  ours: ['apps/agent/src/lib', 'packages/model', 'packages/protocol', ...others],
  node: true,
});
const rooms = [
  { room: 'packages/protocol', ours: [], node: false },
  { room: 'packages/model', ours: ['packages/protocol'], node: false },
  { room: 'packages/lab', ours: ['packages/protocol'], node: true },
  { room: 'apps/agent/src/lib', ours: ['native', 'packages/model', 'packages/protocol'], node: true },
  agentRoom('capture', ['apps/agent/src/recording', 'native', 'packages/lab']),
  agentRoom('recording', []),
  agentRoom('gateway', ['apps/agent/src/recording']),
  agentRoom('printer', ['apps/agent/src/recording']),
  agentRoom('export', ['apps/agent/src/printer', 'apps/agent/src/recording']),
  agentRoom('cli', [
    'apps/agent/src/capture',
    'apps/agent/src/export',
    'apps/agent/src/gateway',
    'apps/agent/src/printer',
    'apps/agent/src/recording',
    'native',
    'packages/lab',
  ]),
  ...webOrder.map(webRoom),
  { room: 'apps/web/src/lib', ours: ['packages/model', 'packages/protocol'], node: false },
  { room: 'native', ours: [], node: true },
];
const onlyIn = [{ package: 'ws', inFile: /^apps\/agent\/src\/gateway\/[\w-]+\.ts$/, files: 1 }];
const packageRooms = {
  '@hopscope/protocol': 'packages/protocol',
  '@hopscope/model': 'packages/model',
  '@hopscope/lab': 'packages/lab',
  '@hopscope/native': 'native',
};

const roomOf = (path) => rooms.find(({ room }) => path === room || path.startsWith(`${room}/`))?.room;
const isMain = (path) => /(?:^|\/)main\.tsx?$/.test(path);
// Helpers of tests are named test-….ts; nothing else imports them.
const isTest = (path) => /(?:\.test|\/test-[\w-]+)\.tsx?$/.test(path);

/** The module names in import and export statements, import() and require(). */
function* importsOf(source) {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  for (const match of code.matchAll(/(?:\bfrom|\bimport|\bimport\(|\brequire\()\s*['"]([^'"\n]+)['"]/g)) yield match[1];
}

function* problemsIn(path, imports) {
  const room = rooms.find((each) => each.room === roomOf(path));
  for (const name of imports) {
    const relative = name.startsWith('.');
    const target = relative ? normalize(join(path, '..', name.split('?')[0])) : undefined;
    const targetRoom = relative ? roomOf(target) : packageRooms[name];
    if (relative && isMain(target)) yield `imports ${name}: a main file is imported by nobody`;
    if (name.startsWith('@hopscope/') && targetRoom === undefined)
      yield `imports ${name}: go through the package's front`;
    if (room === undefined || isTest(path)) continue;
    if (relative && targetRoom === undefined && path.startsWith('apps/') && /\.(?:ts|tsx)$/.test(target)) {
      yield `imports ${name}, which lies in no room`;
    }
    if (relative && targetRoom !== room.room && !target.startsWith('apps/'))
      yield `imports ${name}: name the package instead`;
    if (targetRoom !== undefined && targetRoom !== room.room && !room.ours.includes(targetRoom)) {
      yield `imports ${name}: ${room.room} may not import ${targetRoom}`;
    }
    if (name.startsWith('node:') && !room.node) yield `imports ${name}: ${room.room} does no I/O`;
  }
}

/** One line per breach of the law. */
export function checkImports() {
  const found = [];
  const users = new Map(onlyIn.map((rule) => [rule, []]));
  for (const path of listTree()) {
    if (!/^(?:apps|packages|native)\/.*\.(?:ts|tsx|mjs|js)$/.test(path)) continue;
    const imports = [...importsOf(readFileSync(join(root, path), 'utf8'))];
    for (const problem of problemsIn(path, imports)) found.push(`${path} ${problem}`);
    if (isTest(path)) continue;
    for (const rule of onlyIn) if (imports.includes(rule.package)) users.get(rule).push(path);
  }
  for (const [rule, paths] of users) {
    for (const path of paths) if (!rule.inFile.test(path)) found.push(`${path} may not import ${rule.package}`);
    if (paths.length > rule.files) found.push(`${rule.package} is imported by more than one file: ${paths.join(', ')}`);
  }
  return found;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const found = checkImports();
  for (const problem of found) console.error(problem);
  process.exitCode = found.length > 0 ? 1 : 0;
}

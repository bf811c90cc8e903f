// `npm run check`: everything that can be told without running Hopscope. One line per check, then a line of totals.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { checkDocPaths } from './check-doc-paths.mjs';
import { checkImports } from './check-imports.mjs';
import { checkLicences } from './check-licences.mjs';
import { checkTree } from './check-tree.mjs';
import { workspaceFolders } from './lib/js-packages.mjs';
import { main, root, say, seconds } from './lib/terminal.mjs';
import { setUp } from './setup.mjs';

/** Runs a program of node_modules; resolves to its output when it failed, to '' when it passed. */
const tool = (command, ...args) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => resolve(code === 0 ? '' : output.trim() || `exit code ${code}`));
  });
const bin = (name, ...args) => tool(join(root, 'node_modules/.bin', name), ...args);
const node = (...args) => tool(process.execPath, ...args);
const problems = (list) => list.join('\n');

// A package of the workspace without a TypeScript project would go unchecked; native is C++ with a declaration file.
const projects = [...workspaceFolders().filter((folder) => folder.includes('/')), 'tests'];
const checkTypes = (folder) =>
  existsSync(join(root, folder, 'tsconfig.json')) ? bin('tsc', '-p', folder) : `${folder}/tsconfig.json is missing`;

async function checkSize() {
  await build(['web']);
  return bin('size-limit');
}

const checks = [
  ...projects.map((folder) => [`types ${folder}`, () => checkTypes(folder)]),
  ['format and lint', () => bin('biome', 'check', '--error-on-warnings', '.')],
  ['import law', () => problems(checkImports())],
  ['record layout', () => node('scripts/generate-record-layout.mjs', '--check')],
  ['nothing unused', () => bin('knip', '--no-config-hints')],
  ['bundle size', checkSize],
  ['paths in the docs', () => problems(checkDocPaths())],
  ['tree speaks of the project alone', () => problems(checkTree())],
  ['licences', () => problems(checkLicences())],
];

main(async () => {
  await setUp([]);
  let failed = 0;
  for (const [name, check] of checks) {
    const started = Date.now();
    const problem = await check();
    say(`${problem === '' ? '✓' : '✗'} ${name} (${seconds(started)})`);
    if (problem !== '') {
      failed += 1;
      say(problem.replace(/^/gm, '    '));
    }
  }
  process.stdout.write(`${checks.length - failed} passed, ${failed} failed, 0 skipped\n`);
  return failed > 0 ? 1 : 0;
});

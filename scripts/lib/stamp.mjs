// Tells whether a target's inputs have changed since it was last built. Sizes and times are compared first, which
// costs one stat per file; only where they differ are contents hashed, as a checkout changes times alone.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './terminal.mjs';

const stampFile = (target) => join(root, '.hopscope', 'built', `${target.name}.json`);

function* filesOf(path, ignored) {
  if (ignored(path)) return;
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    if (!/\.test\.tsx?$/.test(path)) yield [path, stat];
    return;
  }
  for (const name of readdirSync(join(root, path)).sort()) yield* filesOf(`${path}/${name}`, ignored);
}

const pattern = (glob) => new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);

function readInputs(target) {
  const patterns = target.ignore.map(pattern);
  const ignored = (path) => patterns.some((each) => each.test(path));
  const files = target.inputs.flatMap((input) => [...filesOf(input, ignored)]);
  return {
    paths: files.map(([path]) => path),
    seen: files.map(([path, stat]) => `${path} ${stat.size} ${stat.mtimeMs}`).join('\n'),
  };
}

function hashContents(paths) {
  const hash = createHash('sha256').update(process.arch);
  for (const path of paths) hash.update(`\n${path}\n`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
}

function write(target, stamp) {
  mkdirSync(join(root, '.hopscope', 'built'), { recursive: true });
  writeFileSync(stampFile(target), JSON.stringify(stamp));
}

/** True when the outputs exist and come from the inputs as they are now. */
export function isFresh(target) {
  if (!existsSync(stampFile(target)) || !target.outputs.every((path) => existsSync(join(root, path)))) return false;
  const stamp = JSON.parse(readFileSync(stampFile(target), 'utf8'));
  const { paths, seen } = readInputs(target);
  if (stamp.seen === seen) return true;
  if (stamp.contents !== hashContents(paths)) return false;
  write(target, { seen, contents: stamp.contents });
  return true;
}

/** Builds, with the inputs noted as they were before: a change during the build is not lost. */
export async function buildStamped(target) {
  rmSync(stampFile(target), { force: true });
  const { paths, seen } = readInputs(target);
  const contents = hashContents(paths);
  await target.build();
  write(target, { seen, contents });
}

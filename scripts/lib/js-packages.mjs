// Installs the JavaScript packages when the lock file or a manifest has changed since the last time.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand } from './debian-packages.mjs';
import { runLogged } from './run.mjs';
import { Failure, root, step } from './terminal.mjs';

const stampFile = join(root, 'node_modules', '.hopscope-stamp');

/** The folders of the workspace's packages, relative to the root; '' is the root itself. */
export function workspaceFolders() {
  const inside = (folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
  return ['', ...inside('packages'), ...inside('apps'), 'native'].filter((folder) =>
    existsSync(join(root, folder, 'package.json')),
  );
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.arch} ${process.versions.modules}\n`);
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...workspaceFolders().map((f) => join(f, 'package.json'))];
  for (const file of files) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

export async function ensureJsPackages() {
  const now = fingerprint();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === now) return;
  if (!findCommand('npx'))
    throw new Failure('npx is missing: it comes with npm, so install npm (Debian: apt-get install npm)');
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  await step(`Installing JavaScript packages (${packageManager})`, () =>
    // CI=true: pnpm asks no questions, such as whether it may remove a node_modules of another layout.
    runLogged('pnpm', 'npx', ['--yes', packageManager, 'install', '--frozen-lockfile', '--prefer-offline'], {
      env: { ...process.env, CI: 'true' },
    }),
  );
  writeFileSync(stampFile, now);
}

// Makes recordings/ anew, as root: builds what is missing, then runs tests/recordings.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
const { build } = await import('esbuild');
await build({
  entryPoints: [`${root}tests/recordings/main.ts`],
  outfile: `${root}.hopscope/recordings.mjs`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['@hopscope/native', 'ws'],
});
const { status } = spawnSync(process.execPath, [`${root}.hopscope/recordings.mjs`, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);

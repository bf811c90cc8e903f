// `npm run bench`: builds what is missing, then runs tests/bench.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
const { build } = await import('esbuild');
await build({
  entryPoints: [`${root}tests/bench/main.ts`],
  outfile: `${root}.hopscope/bench.mjs`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['@hopscope/native', 'ws'],
});
const { status } = spawnSync(process.execPath, [`${root}.hopscope/bench.mjs`, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);

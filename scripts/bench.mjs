// `npm run bench`: builds what is missing, then runs tests/bench.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
const { build } = await import('esbuild');
const own = `${root}.hopscope`;
const node = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['@hopscope/native', '@playwright/test', 'ws'],
};
await build({ ...node, entryPoints: [`${root}tests/bench/main.ts`], outfile: `${own}/bench.mjs` });
await build({ ...node, entryPoints: [`${root}tests/bench/page-drive.ts`], outfile: `${own}/bench-page-drive.mjs` });
await build({
  entryPoints: [`${root}tests/bench/page-naive.ts`],
  outfile: `${own}/bench-page-naive.js`,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
});
const { status } = spawnSync(process.execPath, [`${root}.hopscope/bench.mjs`, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);

// Bundles the agent's four programs into dist/, and what draws pictures for it. The addon stays outside: it is native.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** `import text from './file.css?raw'`, as Vite does it. */
function loadText(build) {
  build.onResolve({ filter: /\?raw$/ }, ({ path, resolveDir }) => ({
    path: join(resolveDir, path.slice(0, -4)),
    namespace: 'raw',
  }));
  build.onLoad({ filter: /./, namespace: 'raw' }, async ({ path }) => ({
    contents: await readFile(path, 'utf8'),
    loader: 'text',
  }));
}

/** Builds dist/hopscope.mjs (command line and capture), dist/gateway.mjs, dist/printer.mjs dist/recorder.mjs and dist/draw-picture.mjs. */
export async function buildAgent() {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  await rm(`${here}dist`, { recursive: true, force: true });
  await build({
    absWorkingDir: here,
    entryPoints: {
      hopscope: 'src/cli/main.ts',
      gateway: 'src/gateway/main.ts',
      printer: 'src/printer/main.ts',
      recorder: 'src/recording/main.ts',
      'draw-picture': '../web/src/headless/main.ts',
    },
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
    legalComments: 'none',
    plugins: [{ name: 'text', setup: loadText }],
    define: { HOPSCOPE_VERSION: JSON.stringify(version) },
    // Speed-ups that ws tries to load and does without.
    external: ['bufferutil', 'utf-8-validate'],
    // ws is CommonJS: its require() of node's own modules needs one that works in an ES module.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAgent();

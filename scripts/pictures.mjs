// `npm run pictures [-- NAME…]`: takes the pictures in docs/pictures anew from the real page, and makes their files small.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { runHere, runLogged } from './lib/run.mjs';
import { Failure, main, root, step } from './lib/terminal.mjs';
import { setUp } from './setup.mjs';

const folder = join(root, 'docs', 'pictures');

main(async () => {
  await setUp(['build', 'test', 'pictures']);
  await build();
  const names = process.argv.slice(2);
  const only = names.length === 0 ? [] : ['--grep', names.map((name) => ` ${name}$`).join('|')];
  const playwright = join(root, 'node_modules/@playwright/test/cli.js');
  const config = join(root, 'tests/pictures/playwright.config.ts');
  const status = await runHere(process.execPath, [playwright, 'test', '--config', config, ...only]);
  if (status !== 0) throw new Failure('not all of the pictures could be taken');
  const files = readdirSync(folder).filter(
    (name) => name.endsWith('.png') && (names.length === 0 || names.includes(name.slice(0, -4))),
  );
  await step('Making them small', () =>
    runLogged('pngquant', 'pngquant', [
      '--force',
      '--ext',
      '.png',
      '--quality',
      '60-98',
      '--speed',
      '1',
      ...files.map((name) => join(folder, name)),
    ]),
  );
});

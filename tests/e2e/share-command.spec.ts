// `hopscope export -o x.svg` draws without a browser: by the page's code, but with a reading of the style sheet of its own. Both must agree.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { startReplay } from './support/replay.ts';
import { save } from './support/share.ts';
import { expect, test } from './support/test.ts';

const PROGRAM = join(import.meta.dirname, '../../apps/agent/bin/hopscope.mjs');
const RECORDINGS = join(import.meta.dirname, '../../recordings');

const exported = (name: string, ...options: string[]): string =>
  execFileSync(process.execPath, [
    PROGRAM,
    'export',
    join(RECORDINGS, `${name}.hops`),
    ...['-o', '-', '--format', 'svg', ...options],
  ]).toString();

/** What each element looks like, without its place and size: how each text is written, how each shape is painted. */
function looksOf(svg: string): Set<string> {
  const looks = new Set<string>();
  for (const [, name = '', attributes = '', text = ''] of svg.matchAll(
    /<(text|rect|path|circle)\b([^>]*?)\/?>([^<]*)/g,
  )) {
    const look = [...attributes.matchAll(/(fill|stroke[\w-]*|font-[\w-]+|text-anchor|opacity|paint-order)="([^"]*)"/g)];
    // A wire is as thick as what it carries now.
    const kept = look.filter(([, key]) => name !== 'path' || key !== 'stroke-width');
    looks.add(`${name} ${kept.map(([whole]) => whole).join(' ')} ${text.trim()}`);
  }
  return looks;
}

for (const theme of ['light', 'dark'] as const) {
  test(`the command draws the map that the page draws: ${theme}`, async ({ page }) => {
    const replay = await startReplay('nat', '--speed', '20');
    try {
      await page.emulateMedia({ colorScheme: theme });
      await page.goto(replay.url);
      await expect(page.getByText('6 exchanges')).toBeVisible({ timeout: 20_000 });
      // By its number: rows may still be moving down.
      await page.getByRole('button', { name: /web → outside.*#30\.6 / }).click();
      await expect(page.getByRole('region', { name: 'Selected exchange' })).toContainText('#30.6');
      const onPage = looksOf((await save(page, 'save the whole map as SVG')).content.toString());
      const command = looksOf(exported('nat', '--exchange', '6', ...(theme === 'dark' ? ['--dark'] : [])));
      expect(command.size).toBeGreaterThan(60);
      expect([...command].filter((look) => !onPage.has(look))).toEqual([]);
    } finally {
      await replay.stop();
    }
  });
}

// What a fixed recording looks like at a fixed moment, to the pixel. The pictures to compare with are from Debian 12: its chromium, and
// DejaVu as the only fonts, which is what scripts/lib/debian-packages.mjs installs. After a wanted change: `npx playwright test visual --update-snapshots`.
import type { Page } from '@playwright/test';
import { openMixed, type Replay, startReplay } from './support/replay.ts';
import { expect, test } from './support/test.ts';

// Times are written in the reader's own zone.
test.use({ timezoneId: 'UTC', locale: 'en-GB' });

let replay: Replay;

test.beforeAll(async () => {
  replay = await startReplay('mixed', '--speed', '20');
});

test.afterAll(async () => {
  await replay?.stop();
});

/** The ping that the firewall did not let through, its packet held where it was at the second hop. */
async function showDrop(page: Page): Promise<void> {
  const list = page.getByRole('list', { name: /^Recent exchanges/ });
  await list
    .getByRole('button', { name: /NETFILTER_DROP/ })
    .first()
    .click();
  await page.keyboard.press('.');
  await page.keyboard.press('.');
  await expect(page.getByRole('region', { name: 'Selected exchange' }).locator('[aria-current]')).toHaveCount(1);
  // Wires are as thick as what went through in the last seconds: nothing did.
  await expect(page.locator('g.wire-group[data-flow]:not([data-flow=""])')).toHaveCount(0, { timeout: 15_000 });
  await page.mouse.move(640, 60);
}

test('a drop in three themes', async ({ page }) => {
  await openMixed(page, replay.url);
  await showDrop(page);
  for (const theme of ['light', 'dark', 'high contrast']) {
    await page.getByRole('button', { name: /^Display/ }).click();
    await page.getByRole('radio', { name: theme, exact: true }).check();
    await page.keyboard.press('Escape');
    await page.mouse.move(640, 60);
    await expect(page.getByRole('button', { name: 'Menu', exact: true }), 'the end of the header').toBeInViewport({
      ratio: 1,
    });
    await expect(page).toHaveScreenshot(`drop-${theme.replace(' ', '-')}.png`, {
      // It goes on with the time of day.
      mask: [page.locator('.timeline')],
      // Of a million pixels: the edge of a word or two that is set half a pixel further by another release of the browser.
      maxDiffPixels: 400,
    });
  }
});

test('two renderings of one recording are the same to the pixel', async ({ page, context }) => {
  const pages = [page, await context.newPage()];
  await Promise.all(pages.map((each) => openMixed(each, replay.url)));
  const pictures: Buffer[] = [];
  for (const each of pages) {
    await each.bringToFront();
    await showDrop(each);
    const path = `artifacts/screenshots/rendering-${pictures.length + 1}.png`;
    pictures.push(await each.locator('.map').screenshot({ animations: 'disabled', path }));
  }
  expect(pictures[0]?.length).toBeGreaterThan(10_000);
  expect(pictures[1]?.equals(pictures[0] as Buffer)).toBe(true);
});

// A whole job without the mouse: find the ping that failed, read why, compare it with one that worked, and copy it for a ticket.
import type { Locator, Page } from '@playwright/test';
import { type Replay, startReplay } from './support/replay.ts';
import { expect, test } from './support/test.ts';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

let replay: Replay;

test.beforeAll(async () => {
  replay = await startReplay('mixed', '--speed', '20');
});

test.afterAll(async () => {
  await replay?.stop();
});

/** Presses a key until it is so. */
async function pressUntil(page: Page, key: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 30 && !(await isSo()); i++) await page.keyboard.press(key);
  expect(await isSo()).toBe(true);
}

const hasFocus = (locator: Locator) => (): Promise<boolean> =>
  locator.evaluate((element) => element.contains(document.activeElement));

for (const viewport of [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
  { width: 390, height: 844 },
]) {
  test(`the whole job by keyboard alone, at ${viewport.width}×${viewport.height}`, async ({ page }) => {
    await page.setViewportSize(viewport);
    await page.goto(replay.url);
    const list = page.getByRole('list', { name: /^Recent exchanges/ });
    const detail = page.getByRole('region', { name: 'Selected exchange' });
    await expect(page.getByText('12 exchanges').first()).toBeVisible({ timeout: 20_000 });

    await page.keyboard.press('/');
    await page.keyboard.type('verdict == "dropped"');
    await page.keyboard.press('Enter');
    await expect(list.getByRole('listitem')).toHaveCount(2);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Tab');
    await page.keyboard.press('k');
    await expect(detail).toContainText('Probably the firewall rule');

    await page.keyboard.press('x');
    await page.keyboard.press('/');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('verdict == "replied"');
    await page.keyboard.press('Enter');
    await expect(list.getByRole('listitem')).toHaveCount(10);
    await pressUntil(page, 'Tab', hasFocus(list));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('x');
    const comparison = page.getByRole('region', { name: 'Comparison' });
    await expect(comparison).toContainText('A was dropped at docker0 in host: NETFILTER_DROP');

    await page.keyboard.press('Escape');
    await expect(detail).toContainText('NETFILTER_DROP');
    await page.keyboard.press('/');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Enter');
    await expect(list.getByRole('listitem').first()).toBeVisible();
    const chosen = list.getByRole('button', { pressed: true });
    await expect(chosen).toHaveCount(1);
    await pressUntil(page, 'Tab', hasFocus(list));
    await page.keyboard.press('Home');
    await pressUntil(page, 'ArrowDown', hasFocus(chosen));
    await page.keyboard.press('ContextMenu');
    const copy = page.getByRole('menuitem', { name: 'Copy as Markdown table', exact: true });
    await expect(copy).toBeVisible();
    await pressUntil(page, 'ArrowDown', hasFocus(copy));
    await page.keyboard.press('Enter');
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toMatch(/NETFILTER\\_DROP[\s\S]*\| request 1 \|/);
  });
}

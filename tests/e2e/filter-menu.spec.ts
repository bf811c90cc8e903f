// The menu that every value has, and the menu of everything there is to do.
import type { Page } from '@playwright/test';
import { type Agent, startAgent } from './support/agent.ts';
import { deviceBox, namespaceBox } from './support/map.ts';
import { expect, test } from './support/test.ts';

let agent: Agent;

test.skip(process.getuid?.() !== 0, 'needs root');

test.beforeAll(async () => {
  agent = await startAgent({ lab: true });
});

test.afterAll(async () => {
  await agent?.stop();
});

test.beforeEach(async ({ page }) => {
  await page.goto(agent.url);
  await expect(row(page)).toBeVisible({ timeout: 15_000 });
});

const box = (page: Page) => page.getByRole('combobox', { name: 'Display filter' });
const row = (page: Page) =>
  page
    .getByRole('list', { name: /^Recent exchanges/ })
    .getByRole('button', { name: /db → outside/ })
    .first();
const detail = (page: Page) => page.getByRole('region', { name: 'Selected exchange' });
const item = (page: Page, name: string) => page.getByRole('menuitem', { name, exact: true });

test('applies and prepares a filter from a value, alone and joined to the one there is', async ({ page }) => {
  await row(page).click();
  await detail(page).getByRole('button', { name: 'NETFILTER_DROP' }).first().click();
  await item(page, 'Apply as filter: this alone').click();
  await expect(box(page)).toHaveValue('hop.reason == "NETFILTER_DROP"');
  await expect(page.getByRole('button', { name: /filter hides [1-9]/ })).toBeVisible();

  await detail(page).getByRole('button', { name: '172.17.0.3', exact: true }).first().click();
  await item(page, 'Prepare as filter: and not this').click();
  await expect(box(page)).toBeFocused();
  await expect(box(page)).toHaveValue('hop.reason == "NETFILTER_DROP" && !(ip.src == 172.17.0.3)');
  // Prepared is not applied.
  await expect(row(page)).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'No exchange matches the filter' })).toBeVisible();
});

test('opens by right click on the map and by the menu key on a row, and is gone through by keyboard', async ({
  page,
}) => {
  await (await deviceBox(namespaceBox(page, 'web'), 'eth0')).click({ button: 'right', position: { x: 10, y: 10 } });
  await expect(page.getByRole('menu', { name: 'hop.device web/eth0' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('menu')).toHaveCount(0);

  await row(page).focus();
  await page.keyboard.press('Shift+F10');
  await expect(page.getByRole('menu', { name: /^exchange db → outside/ })).toBeVisible();
  await expect(item(page, 'Apply as filter: this alone')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(box(page)).toHaveValue(/^!\(icmp\.id == \d+ && icmp\.seq == \d+ && ip\.src == 172\.17\.0\.3 /);
});

test('every key is in the menu, and does there what it does', async ({ page }) => {
  await page.keyboard.press('?');
  const keys = await page.getByRole('dialog').locator('dd').allTextContents();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Menu', exact: true }).click();
  await expect(page.getByRole('menuitem').locator('.commands-keys')).toHaveCount(keys.length);
  for (const key of keys) await expect(item(page, key)).toBeVisible();
  await item(page, 'pause, go on').click();
  await expect(page.getByRole('status').filter({ hasText: 'paused' })).toBeVisible();
  await page.keyboard.press('Space');
  await expect(page.getByRole('status').filter({ hasText: 'live' })).toBeVisible();
});

// The display filter, as somebody would use it who leaves the mouse alone.
import type { Page } from '@playwright/test';
import { type Agent, startAgent } from './support/agent.ts';
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
  await expect(rows(page).nth(5)).toBeVisible();
});

const box = (page: Page) => page.getByRole('combobox', { name: 'Display filter' });
const list = (page: Page) => page.getByRole('list', { name: /^Recent exchanges/ });
const rows = (page: Page) => list(page).getByRole('button');
const chip = (page: Page) => page.getByRole('button', { name: /filter hides/ });

test('is written by keyboard alone, with completion, and holds for list, counts, statistics and map', async ({
  page,
}) => {
  await page.keyboard.press('/');
  await expect(box(page)).toBeFocused();
  await page.keyboard.type('conta');
  await expect(page.getByRole('option', { name: /^container/ })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Tab');
  await expect(box(page)).toHaveValue('container ');
  await page.keyboard.type('== ');
  await expect(page.getByRole('option')).toHaveText([/^web/, /^db/, /^outside/]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(box(page)).toHaveValue('container == db ');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');

  await expect(chip(page)).toHaveText(/filter hides [1-9]/);
  await expect(rows(page).first()).toBeVisible();
  await expect(rows(page).filter({ hasText: 'host → web' })).toHaveCount(0);
  await expect(rows(page).filter({ hasNotText: /\bdb/ })).toHaveCount(0);
  await page.getByRole('tab', { name: 'Paths' }).click();
  const paths = page.getByRole('region', { name: 'Path statistics' });
  await expect(paths).toContainText('Only what matches the filter is counted');
  await expect(paths.getByRole('listitem').filter({ hasText: '172.17.0.2 → 172.17.0.3' }).first()).toBeVisible();
  await expect(paths.getByRole('listitem').filter({ hasText: '172.17.0.1 → 172.17.0.2' })).toHaveCount(0);
});

test('draws no packet that it hides', async ({ page }) => {
  await expect.poll(() => page.evaluate(() => window.hopscopeStats.inFlight)).toBeGreaterThan(0);
  await page.keyboard.press('/');
  await page.keyboard.type('tcp');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'No exchange matches the filter' })).toBeVisible();
  const seen = await page.getByRole('button', { name: /seen · .* missed/ }).textContent();
  await expect(page.getByRole('button', { name: /seen · .* missed/ })).not.toHaveText(seen ?? '');
  expect(await page.evaluate(() => window.hopscopeStats.inFlight)).toBe(0);
  await page.getByRole('button', { name: /^Show all/ }).click();
  await expect(rows(page).first()).toBeVisible();
  await expect.poll(() => page.evaluate(() => window.hopscopeStats.inFlight)).toBeGreaterThan(0);
});

test('shows an error under the word that it is about, and puts right what was meant', async ({ page }) => {
  await page.keyboard.press('/');
  await page.keyboard.type('icmp && ip.adr == 172.17.0.2');
  await expect(box(page)).toHaveAttribute('aria-invalid', 'true');
  const message = page.getByText('"ip.adr" is no field');
  await expect(message).toBeVisible();
  const underlined = page.locator('.filter-under u');
  await expect(underlined).toHaveText('ip.adr');
  const [word, field] = [await underlined.boundingBox(), await box(page).boundingBox()];
  expect(word?.x).toBeGreaterThan((field?.x ?? 0) + 40);
  expect(word?.width).toBeGreaterThan(30);
  await page.keyboard.press('Enter');
  await expect(chip(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'ip.addr' }).click();
  await expect(box(page)).toHaveValue('icmp && ip.addr == 172.17.0.2');
  await page.keyboard.press('Enter');
  await expect(chip(page)).toBeVisible();
});

test('Escape takes back what was not applied, and the keys of the page stay out of the box', async ({ page }) => {
  await page.keyboard.press('/');
  await page.keyboard.type('jkl f0');
  await expect(page.getByRole('status').filter({ hasText: 'live' })).toBeVisible();
  await page.keyboard.press('Escape');
  if ((await box(page).inputValue()) !== '') await page.keyboard.press('Escape');
  await expect(box(page)).toHaveValue('');
  await page.keyboard.press('Escape');
  await expect(box(page)).not.toBeFocused();
});

test('the list is read by keyboard and does not move under the eyes', async ({ page }) => {
  await expect(rows(page).nth(9)).toBeVisible({ timeout: 15_000 });
  await rows(page).first().focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.locator('.row:focus')).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('Escape');
  await page.keyboard.press('End');
  const last = page.locator('li[data-exchange]').filter({ has: page.locator('.row:focus') });
  // Both at once: one more may come at any time.
  const isLast = () =>
    last.evaluate((li) => li.getAttribute('aria-posinset') === li.getAttribute('aria-setsize'), null, {
      timeout: 1000,
    });
  await expect.poll(isLast).toBe(true);
  const scroller = page.locator('.list');
  if ((await scroller.evaluate((element) => element.scrollTop)) < 100) return;
  const pill = page.getByRole('button', { name: /\d+ new/ });
  const before = await last.boundingBox();
  await expect(pill).toBeVisible({ timeout: 10_000 });
  expect((await last.boundingBox())?.y).toBeCloseTo(before?.y ?? 0, 0);
  await pill.click();
  await expect(pill).toHaveCount(0);
  expect(await scroller.evaluate((element) => element.scrollTop)).toBe(0);
});

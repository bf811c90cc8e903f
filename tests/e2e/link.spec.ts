// Every state has an address: a reload, Back and a link return to it, and what is written there by others does no harm.
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

const box = (page: Page) => page.getByRole('combobox', { name: 'Display filter' });
const rows = (page: Page) => page.getByRole('list', { name: /^Recent exchanges/ }).getByRole('button');
const detail = (page: Page) => page.getByRole('region', { name: 'Selected exchange' });
const transform = (page: Page) => page.locator('.map-svg .world').getAttribute('transform');

test('a reload returns to the same filter, exchange, pace and part of the map', async ({ page }) => {
  await page.goto(agent.url);
  await expect(rows(page).nth(3)).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('container == web');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await page.keyboard.press(']');
  await page.keyboard.press('+');
  await page.keyboard.press('ArrowRight');
  await rows(page).nth(1).click();
  const title = await detail(page).getByRole('heading').first().textContent();
  const addresses = await detail(page).locator('.detail-addresses').textContent();
  await expect(page).toHaveURL(/#filter=container\+==\+web&exchange=\d+@\d+&pace=\d+&view=[\d.]+,-?\d+,-?\d+$/);
  const url = page.url();
  const seen = await transform(page);

  await page.reload();
  await expect(box(page)).toHaveValue('container == web');
  await expect(page.getByRole('button', { name: /filter hides/ })).toBeVisible();
  await expect(detail(page).getByRole('heading').first()).toHaveText(title ?? '');
  await expect(detail(page).locator('.detail-addresses')).toHaveText(addresses ?? '');
  await expect(detail(page).getByRole('table').first()).toContainText('eth0');
  const numbers = (text: string | null) => (text ?? '').match(/-?[\d.]+/g)?.map(Number) ?? [];
  for (const [i, value] of numbers(await transform(page)).entries()) {
    expect(Math.abs(value - (numbers(seen)[i] ?? Number.NaN))).toBeLessThan(2);
  }
  await expect(page).toHaveURL(url);
});

test('Back undoes a selection, and Forward brings it back', async ({ page }) => {
  await page.goto(agent.url);
  await rows(page).nth(1).click();
  await expect(detail(page)).toBeVisible();
  await page.goBack();
  await expect(detail(page)).toHaveCount(0);
  await expect(page).not.toHaveURL(/exchange=/);
  await page.goForward();
  await expect(detail(page)).toBeVisible();
  await page.getByRole('tab', { name: 'Paths' }).click();
  await expect(page).toHaveURL(/tab=paths/);
  // Not a step of its own.
  await page.goBack();
  await expect(detail(page)).toHaveCount(0);
});

test('a pause is kept, and begins where there is something to see', async ({ page }) => {
  await page.goto(`${agent.url}/#paused=1&tab=paths`);
  await expect(page.getByRole('status').filter({ hasText: 'paused' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Paths' })).toHaveAttribute('aria-selected', 'true');
  await page.getByRole('tab', { name: 'Exchanges' }).click();
  await expect(rows(page).first()).toBeVisible();
  await expect(page).toHaveURL(/#paused=1$/);
});

test('says plainly that an exchange is not held any more', async ({ page }) => {
  await page.goto(`${agent.url}/#exchange=123456789@1600000000000000`);
  await expect(page.getByText('The exchange in this address is not held any more.')).toBeVisible();
  await expect(page).not.toHaveURL(/exchange=/);
});

test('is not harmed by what others write there', async ({ page }) => {
  const hostile = [
    `filter=${encodeURIComponent('"><img src=x onerror=alert(1)>')}`,
    `filter=${'('.repeat(1500)}`,
    'view=NaN,Infinity,1e9&pace=-1&tab=__proto__&exchange=1@2@3',
    `filter=${'a'.repeat(100_000)}`,
    '%E0%A4%A&&&===',
  ];
  for (const hash of hostile) {
    await page.goto('about:blank');
    await page.goto(`${agent.url}/#${hash}`);
    await expect(rows(page).first()).toBeVisible();
    await expect(page.locator('img')).toHaveCount(0);
    await expect(page).not.toHaveURL(/NaN|proto/);
  }
});
